/** What a field of a request is, as flags and files name it. */

/** One field of a request, or a part of one. */
export interface GenerateField {
  /** Its flag without dashes; the prompt is an argument. */
  readonly flag?: string;
  /** Stands for the value in a usage line; empty for a switch, which takes none. */
  readonly placeholder: string;
  /** A phrase for the help text. */
  readonly help: string;
  /** Completes "must be …". */
  readonly expected: string;
  /** The value as the wire has it; undefined if there is none in what was given. */
  read(given: unknown): unknown;
}

/** Values by the names that the wire has for them. */
export type GenerateValues = Readonly<Record<string, unknown>>;

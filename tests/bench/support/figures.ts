/** What a row of the table is made of, and how it is judged. */

/** A statement of the table: what was measured beside what, and what was asked for. */
export interface Figure {
  /** What was measured. */
  what: string;
  /** What came out for the worker, ready to print. */
  ours: string;
  /** What came out for those it is measured against, ready to print. */
  beside: string;
  /** What was asked for. */
  target: string;
  /** The number that is held against the limit, ready to print. */
  reached: string;
  /** Whether the target is met; `undefined` where the row only informs. */
  holds: boolean | undefined;
}

/** A row of the table, or a few that are measured together. */
export interface Bench {
  /** Its name on the command line. */
  name: string;
  /** What it measures, in a phrase. */
  about: string;
  /** Measures. */
  run(): Promise<Figure[]>;
}

/** A number against an upper limit. */
export function atMost(value: number, limit: number): Pick<Figure, "reached" | "holds"> {
  return { reached: short(value), holds: value <= limit };
}

/** A number against a lower limit. */
export function atLeast(value: number, limit: number): Pick<Figure, "reached" | "holds"> {
  return { reached: short(value), holds: value >= limit };
}

/** Three digits that count, in few characters. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** A duration given in milliseconds, in the unit that reads best. */
export function time(ms: number): string {
  if (ms >= 1_000) return `${short(ms / 1_000)} s`;
  return ms >= 1 ? `${short(ms)} ms` : `${short(ms * 1_000)} µs`;
}

/**
 * Takes values apart that come from somebody who is not trusted. A reader returns what it has read, cut to
 * size, or {@linkcode INVALID}; it never throws.
 */

/** What a reader returns for a value that cannot be what it should be. */
export const INVALID: unique symbol = Symbol("not what it should be");

/** Reads a value of one kind. */
export type Reader<T> = (value: unknown) => T | typeof INVALID;

/** A reader for each field of an object, so that none is forgotten; optional ones read `undefined`, too. */
export type Fields<T> = { readonly [K in keyof Required<T>]: Reader<T[K]> };

/** Text, cut to some characters. */
export function text(mostChars: number): Reader<string> {
  return (value) => {
    if (typeof value !== "string") return INVALID;
    return value.length <= mostChars
      ? value.toWellFormed()
      : value.slice(0, mostChars).toWellFormed() + "…";
  };
}

/** One of some words. */
export function word<const Word extends string>(words: readonly Word[]): Reader<Word> {
  return (value) => words.includes(value as Word) ? value as Word : INVALID;
}

/** True or false. */
export function flag(value: unknown): boolean | typeof INVALID {
  return typeof value === "boolean" ? value : INVALID;
}

/** A whole number within limits. */
export function integer(least: number, most: number): Reader<number> {
  return (value) => Number.isSafeInteger(value) ? number(least, most)(value) : INVALID;
}

/** A number within limits. */
export function number(least: number, most: number): Reader<number> {
  return (value) => typeof value === "number" && value >= least && value <= most ? value : INVALID;
}

/** A list with no more than some items. */
export function list<T>(item: Reader<T>, least: number, most: number): Reader<T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return INVALID;
    const items: T[] = [];
    for (const each of value) {
      const read = item(each);
      if (read === INVALID) return INVALID;
      items.push(read);
    }
    return items;
  };
}

/** What another reader reads, if its texts have no more than some characters together. */
export function within<T>(mostChars: number, reader: Reader<T>): Reader<T> {
  return (value) => {
    const read = reader(value);
    return read === INVALID || charsOf(read) <= mostChars ? read : INVALID;
  };
}

function charsOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + charsOf(each), 0);
}

/** What may be absent. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value) => value === undefined ? undefined : reader(value);
}

/** An object with these fields; others are dropped. */
export function object<T extends object>(fields: Fields<T>): Reader<T> {
  return (value) => {
    if (typeof value !== "object" || value === null) return INVALID;
    const read: Record<string, unknown> = {};
    for (const key in fields) {
      const field = fields[key]((value as Record<string, unknown>)[key]);
      if (field === INVALID) return INVALID;
      if (field !== undefined) read[key] = field;
    }
    return read as T;
  };
}

/** One of several objects, told by their `type`. */
export function union<T extends { type: string }>(
  variants: { readonly [Type in T["type"]]: Reader<Extract<T, { type: Type }>> },
): Reader<T> {
  return (value) => {
    const { type } = typeof value === "object" && value !== null ? value as { type?: unknown } : {};
    if (typeof type !== "string" || !Object.hasOwn(variants, type)) return INVALID;
    return variants[type as T["type"]](value);
  };
}

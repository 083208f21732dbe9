/** Walks over plain values: what the MessagePack library leaves to be looked after. */

import { hasByteOrderMark, isUtf8 } from "./utf8.ts";

/** Stands for a value of an extension type, timestamps too: no field of the protocol has one. */
export const EXTENSION: unique symbol = Symbol("a MessagePack extension value");

/** Stands for a string that is not UTF-8. */
export const BROKEN_TEXT: unique symbol = Symbol("text that is not valid UTF-8");

/** A map or an array. */
export type Container = Record<string, unknown>;

/** Whether a value is a map or an array. */
export function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

/** Number of fields of all maps together. */
export function countEntries(value: unknown): number {
  if (!isContainer(value)) return 0;
  const items = Object.values(value);
  let entries = Array.isArray(value) ? 0 : items.length;
  for (const item of items) entries += countEntries(item);
  return entries;
}

/** The value without the fields that are null, which means that they are absent. */
export function withoutNulls(value: unknown): unknown {
  return rebuild(value, (leaf) => leaf, (field) => field !== null);
}

/** A copy with numbers in the place of bigints. */
export function rounded(fields: Container): Container {
  return rebuild(fields, (leaf) => typeof leaf === "bigint" ? Number(leaf) : leaf) as Container;
}

/**
 * Puts the exact text into a value, and {@linkcode BROKEN_TEXT} where there is none.
 *
 * @param raw The same value with bytes in the place of text.
 */
export function withExactText(value: unknown, raw: unknown): unknown {
  if (typeof value === "string") return exactText(value, raw as Uint8Array);
  if (!isContainer(value)) return value;
  for (const key of Object.keys(value)) {
    value[key] = withExactText(value[key], (raw as Container)[key]);
  }
  return value;
}

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function exactText(text: string, raw: Uint8Array): string | symbol {
  if (!isUtf8(raw)) return BROKEN_TEXT;
  return hasByteOrderMark(raw) ? textDecoder.decode(raw) : text;
}

/** Whether all text in a value has a UTF-8 form. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  return !isContainer(value) || Object.values(value).every(isWellFormed);
}

/** The value with U+FFFD for each half of a surrogate pair, as cutting a text can leave it. */
export function wellFormed(value: unknown): unknown {
  return rebuild(value, (leaf) => typeof leaf === "string" ? leaf.toWellFormed() : leaf);
}

/** Whether a value can be told: all text has a UTF-8 form, and every number is finite. */
export function isTellable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isFinite(value);
  return !isContainer(value) || Object.values(value).every(isTellable);
}

/** The value with what is nearest to each leaf that cannot be told; 0 for what is no number at all. */
export function tellable(value: unknown): unknown {
  return rebuild(value, (leaf) => {
    if (typeof leaf === "string") return leaf.toWellFormed();
    if (typeof leaf !== "number" || Number.isFinite(leaf)) return leaf;
    return Number.isNaN(leaf) ? 0 : Math.sign(leaf) * Number.MAX_SAFE_INTEGER;
  });
}

/** A copy with other leaves, and with only the fields wanted. */
function rebuild(
  value: unknown,
  change: (leaf: unknown) => unknown,
  isWanted: (field: unknown) => boolean = () => true,
): unknown {
  if (!isContainer(value)) return change(value);
  if (Array.isArray(value)) return value.map((item) => rebuild(item, change, isWanted));
  const fields = Object.entries(value).filter(([, field]) => isWanted(field));
  return Object.fromEntries(fields.map(([key, field]) => [key, rebuild(field, change, isWanted)]));
}

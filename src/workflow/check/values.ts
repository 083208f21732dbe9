/** Whether a literal is one that ComfyUI takes, by its own rules of conversion. Pure. */

import type { InputSpec } from "./node_info.ts";

/** ComfyUI's way to hand over a list, which would else be a link. */
export function unwrap(value: unknown): unknown {
  const isWrapped = typeof value === "object" && value !== null && !Array.isArray(value);
  return isWrapped && "__value__" in value ? value["__value__"] : value;
}

/** Whether a number lies within the limits, or a text that is read as one; Python reads more of them. */
export function isWithin(value: unknown, { type, min, max }: InputSpec): boolean {
  const number = toNumber(value, type === "INT");
  if (number === undefined) return false;
  return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
}

/** Texts that Python reads as a whole number, and as a number of whatever kind. */
const WHOLE = /^[+-]?\d+(?:_\d+)*$/;
const NUMBER =
  /^[+-]?(?:inf(?:inity)?|(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+)?)$/i;

function toNumber(value: unknown, isInteger: boolean): number | bigint | undefined {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return isInteger ? Math.trunc(value) : value;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (!(isInteger ? WHOLE : NUMBER).test(text)) return undefined;
  const plain = text.replaceAll("_", "").replace(/^\+/, "");
  if (isInteger) return BigInt(plain);
  return Number(plain.replace(/inf(?:inity)?/i, "Infinity"));
}

/**
 * The few Python conversions and texts that show in ComfyUI's answers.
 *
 * @module
 */

import { isObject, type Json } from "./json.ts";

/** A Python exception: its dotted class name and its `str()`. */
export class PythonError extends Error {
  /** Dotted class name, such as `KeyError` or `torch.OutOfMemoryError`. */
  readonly pythonType: string;

  /** Creates the exception from its class name and text. */
  constructor(pythonType: string, message: string) {
    super(message);
    this.name = "PythonError";
    this.pythonType = pythonType;
  }
}

/** `type(value).__name__`. */
export function typeName(value: Json): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (typeof value === "string") return "str";
  return Array.isArray(value) ? "list" : "dict";
}

/** `repr(value)`. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${quote(key)}: ${repr(member)}`);
  return `{${members.join(", ")}}`;
}

/** `str(value)`. */
export function str(value: Json): string {
  return typeof value === "string" ? value : repr(value);
}

/** `repr` of a `float`: never without a point. */
export function floatText(value: number | bigint): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `int(value)`. */
export function toInt(value: Json): number | bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return truncate(value);
  if (typeof value === "string") return parseInteger(value);
  throw new PythonError(
    "TypeError",
    `int() argument must be a string, a bytes-like object or a real number, not '${
      typeName(value)
    }'`,
  );
}

function truncate(value: number): number {
  if (Number.isNaN(value)) {
    throw new PythonError("ValueError", "cannot convert float NaN to integer");
  }
  if (!Number.isFinite(value)) {
    throw new PythonError("OverflowError", "cannot convert float infinity to integer");
  }
  return Math.trunc(value);
}

function parseInteger(text: string): number | bigint {
  const digits = text.trim().replace(/(?<=\d)_(?=\d)/g, "");
  if (!/^[+-]?\d+$/.test(digits)) {
    throw new PythonError("ValueError", `invalid literal for int() with base 10: ${quote(text)}`);
  }
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits.replace(/^\+/, ""));
}

/** `float(value)`. */
export function toFloat(value: Json): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  if (typeof value === "string") return parseFloatText(value);
  throw new PythonError(
    "TypeError",
    `float() argument must be a string or a real number, not '${typeName(value)}'`,
  );
}

function parseFloatText(text: string): number {
  const body = text.trim().toLowerCase();
  if (/^[+-]?(inf|infinity)$/.test(body)) return body.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/.test(body)) return NaN;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(body)) return Number(body);
  throw new PythonError("ValueError", `could not convert string to float: ${quote(text)}`);
}

/** `bool(value)`: empty is false, so the text `"false"` is true. */
export function toBool(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : Boolean(value);
}

/** `key in container`, which raises for what is no container. */
export function contains(container: Json, key: string): boolean {
  if (typeof container === "string") return container.includes(key);
  if (Array.isArray(container)) return container.includes(key);
  if (isObject(container)) return Object.hasOwn(container, key);
  throw new PythonError("TypeError", `argument of type '${typeName(container)}' is not iterable`);
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

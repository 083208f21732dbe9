/**
 * JSON as Python reads and writes it, because ComfyUI is a Python program: integers of any size,
 * ASCII only, spaces after `:` and `,`, `NaN` and `Infinity` written as they are.
 *
 * @module
 */

import { parseExactJson } from "../exact_json.ts";

/** A value that JSON text can hold. Integers above 2^53 are `bigint`, so that no seed is rounded. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  /** Any member. */
  [key: string]: Json;
}

/** Tells whether a value is a JSON object (a Python `dict`). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses JSON text. Integer literals that a double cannot hold exactly become `bigint`.
 *
 * @throws {SyntaxError} for what is no JSON, and for a mark at the beginning, as Python's does.
 */
export function parseJson(text: string): Json {
  if (text.startsWith("\ufeff")) throw new SyntaxError("Unexpected UTF-8 BOM");
  return parseExactJson(text) as Json;
}

/** Writes a value as `json.dumps` does. Maps are objects with a kept key order; `undefined` members are left out. */
export function dumpJson(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(dumpJson).join(", ")}]`;
  let members = "";
  for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
    if (member === undefined) continue;
    members += `${members === "" ? "" : ", "}${quote(String(key))}: ${dumpJson(member)}`;
  }
  return `{${members}}`;
}

/** Nearly all texts are plain, and an event has dozens. */
const PLAIN = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]*$/;

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

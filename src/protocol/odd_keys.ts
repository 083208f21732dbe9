/**
 * Map keys that are no text. Perl, PHP and old Ruby write keys as bytes, and a field that this side does not
 * know may have keys of any kind: neither is a reason to refuse a message.
 */

import { type Container, isContainer } from "./values.ts";
import { isUtf8 } from "./utf8.ts";

/** Begins the stand-in for a key that has no text; what follows are a number and a description. */
const MARK = "\0";

/** Keys that were given a stand-in since {@linkcode startKeys}: two of them are never the same. */
let marked = 0;

/** Begins a message: reading it twice gives the same stand-ins. */
export function startKeys(): void {
  marked = 0;
}

/**
 * The text that a key is meant to be, or a stand-in.
 *
 * @throws {Error} for the name of the prototype, which must not become a property.
 */
export function keyOf(key: unknown): string {
  const text = key instanceof Uint8Array && isUtf8(key) ? new TextDecoder().decode(key) : key;
  if (text === "__proto__") throw new Error("The key __proto__ is not allowed");
  return typeof text === "string" ? text : `${MARK}${marked++} ${describe(key)}`;
}

function describe(key: unknown): string {
  if (typeof key === "number" || typeof key === "bigint") return `the number ${key}`;
  if (typeof key === "boolean" || key === null) return String(key);
  return key instanceof Uint8Array ? "bytes that are not UTF-8" : "an extension value";
}

/**
 * The message without its odd fields, which no peer can know. A map further down that has one becomes a
 * symbol, whose description says so: in an unknown field it is dropped with it, in a known one it is told.
 */
export function withoutOddKeys(fields: Container): Container {
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(MARK)) delete fields[key];
    else fields[key] = withOddMapsMarked(value);
  }
  return fields;
}

function withOddMapsMarked(value: unknown): unknown {
  if (!isContainer(value)) return value;
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith(MARK)) {
      const what = key.slice(key.indexOf(" ") + 1);
      // PHP's array_filter() and Lua's tables with holes make maps of what was meant as an array.
      const other = what.startsWith("the number") ? ", or an array (PHP: array_values())" : "";
      return Symbol(`a map with a key that is ${what}; use string keys${other}`);
    }
    value[key] = withOddMapsMarked(inner);
  }
  return value;
}

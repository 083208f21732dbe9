/** What a client should change, by what languages and their libraries do unless told otherwise. Pure. */

import { type Container, isContainer } from "./values.ts";

/** To be put behind the reason of a message without a type: Go and Rust name it in other ways. */
export function remedyForNoType(fields: Container, types: ReadonlyMap<string, unknown>): string {
  const keys = Object.keys(fields);
  const [first = ""] = keys;
  if (keys.some((key) => key.toLowerCase() === "type")) {
    return '; write the keys as the protocol does (Go: tags such as `msgpack:"type"`)';
  }
  if (keys.length !== 1 || !isContainer(fields[first])) return "";
  const beside = '; "type" belongs beside the other fields (Rust: #[serde(tag = "type"';
  if (types.has(first)) return `${beside})])`;
  const isNamed = [...types.keys()].some((type) => bare(type) === bare(first));
  return isNamed ? `${beside}, rename_all = "snake_case")])` : "";
}

/** The same for a field that is not there, though another spelling of its name is. */
export function remedyForNothing(around: unknown, name: string): string {
  if (!isContainer(around) || Array.isArray(around)) return "";
  const other = Object.keys(around).find((key) => bare(key) === bare(name));
  return other === undefined ? "" : `; its name is ${name}, not ${other}`;
}

/** The same for a field of another type. */
export function remedyFor(type: string | undefined, value: unknown): string {
  const isNumber = type === "integer" || type === "number";
  if (isNumber && typeof value === "string" && /^-?\d{1,20}(?:\.\d{1,20})?$/.test(value)) {
    return "; send a number, not text";
  }
  const isText = type === "string" && value instanceof Uint8Array;
  return isText ? " that are not UTF-8; encode text as UTF-8" : "";
}

/** A name without what differs between the styles of languages. */
function bare(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}

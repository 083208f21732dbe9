/** Reading JSON as Python writes it, and picking it apart without trust. */

/** A JSON object of unknown content. */
export type JsonObject = Record<string, unknown>;

/**
 * Parses JSON in which Python's `NaN` and `Infinity` may stand for numbers.
 *
 * `NaN` becomes `null`; the infinities keep their value.
 *
 * @throws {SyntaxError} When the text is not even that.
 */
export function parseJson(text: string): unknown {
  // Each level takes a hundred times the bracket that opens it.
  if (text.length > LONG_CHARS && nestsDeeply(text)) throw new SyntaxError("It nests too deeply");
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(withoutPythonNumbers(text));
  }
}

/** Texts up to this length take little memory, whatever they are made of. */
const LONG_CHARS = 65_536;

/** Levels of nesting that nothing useful has. */
const MAX_DEPTH = 256;

/** Tells at the first level that is too deep; brackets in strings do not count. */
function nestsDeeply(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    // `[` and `{`, `]` and `}` differ in one bit each.
    else if ((code | 32) === 0x7b) depth += 1;
    else if ((code | 32) === 0x7d) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const QUOTE = 34;

/** Replaces the words outside of strings only: a prompt may well contain "NaN". */
function withoutPythonNumbers(text: string): string {
  const parts: string[] = [];
  let position = 0;
  while (position < text.length) {
    const quote = text.indexOf('"', position);
    const end = quote < 0 ? text.length : quote;
    parts.push(
      text.slice(position, end).replaceAll("Infinity", "1e999").replaceAll("NaN", "null"),
    );
    position = quote < 0 ? end : endOfString(text, quote);
    if (quote >= 0) parts.push(text.slice(quote, position));
  }
  return parts.join("");
}

function endOfString(text: string, quote: number): number {
  for (let index = quote + 1; index < text.length; index++) {
    const char = text[index];
    if (char === "\\") index++;
    else if (char === '"') return index + 1;
  }
  return text.length;
}

/** True for objects that are no arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object, empty when it is none. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The value as an array, empty when it is none. */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The strings of an array. */
export function asStrings(value: unknown): string[] {
  return asArray(value).filter((item) => typeof item === "string");
}

/** The value as text, `undefined` when it is none. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Largest count that is believed: typed peers keep counts in 32 bits. */
const MAX_COUNT = 2 ** 31 - 1;

/** The value as a number that can count something, `undefined` when it is none. */
export function asCount(value: unknown): number | undefined {
  const count = asNumber(value);
  return count !== undefined && count >= 0 && count <= MAX_COUNT ? count : undefined;
}

/** The value as a finite number, `undefined` when it is none. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

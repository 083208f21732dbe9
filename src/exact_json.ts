/**
 * JSON whose numbers keep every digit: seeds have 64 bits, JavaScript's numbers 53, and a node may tell
 * `1.0` from `1`. Pure.
 */

/** What `JSON.parse` tells of a value since ECMAScript 2026, which TypeScript does not know yet. */
interface ReviverContext {
  readonly source?: string;
}

/** What `JSON` can since ECMAScript 2026, which TypeScript does not know yet. */
interface RawJson {
  rawJSON(text: string): unknown;
}

const INTEGER = /^-?\d+$/;

/**
 * Parses JSON; an integer that a number would round becomes a bigint.
 *
 * @throws {SyntaxError} for what is no JSON.
 */
export function parseExactJson(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    const isRounded = typeof value === "number" && !Number.isSafeInteger(value);
    const source = context?.source ?? "";
    return isRounded && INTEGER.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(withoutMark(text), revive);
}

/**
 * Parses JSON; each number becomes what `JSON.stringify()` writes as it stands in the text.
 *
 * @throws {SyntaxError} for what is no JSON.
 */
export function parseAsSpelled(text: string): unknown {
  const { rawJSON } = JSON as unknown as RawJson;
  const revive = (_key: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value;
  return JSON.parse(withoutMark(text), revive);
}

/** Writes JSON, if there is any for it; a bigint with every digit, what {@linkcode parseAsSpelled} gave as it stood in the text. */
export function writeJson(value: unknown): string | undefined {
  const { rawJSON } = JSON as unknown as RawJson;
  return JSON.stringify(
    value,
    (_key, part: unknown) => typeof part === "bigint" ? rawJSON(String(part)) : part,
  );
}

/** Editors on Windows write a mark at the beginning. */
function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}

/** JSON whose integers keep every digit: seeds have 64 bits, JavaScript's numbers 53. Pure. */

/** What `JSON.parse` tells of a value since ECMAScript 2026, which TypeScript does not know yet. */
interface ReviverContext {
  readonly source?: string;
}

const INTEGER = /^-?\d+$/;

/**
 * Parses JSON; an integer that a number would round becomes a bigint.
 *
 * @throws {SyntaxError} for what is no JSON.
 */
export function parseExactJson(text: string): unknown {
  // A mark at the beginning, as editors on Windows write it.
  const json = text.replace(/^\ufeff/, "");
  const revive = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    const isRounded = typeof value === "number" && !Number.isSafeInteger(value);
    const source = context?.source ?? "";
    return isRounded && INTEGER.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(json, revive);
}

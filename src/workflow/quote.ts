/** Values as messages show them. Pure. */

/** A value in JSON's words; an integer beyond what numbers hold digit by digit. */
export function quote(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_key, part) => typeof part === "bigint" ? String(part) : part) ??
    "nothing";
}

/**
 * A value as a text: a text as it is, anything else in JSON's words. `String()` throws for an object in
 * which somebody has named a field `toString`.
 */
export function plain(value: unknown): string {
  return typeof value === "string" ? value : quote(value);
}

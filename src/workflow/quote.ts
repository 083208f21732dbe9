/** Values as messages show them. Pure. */

/** A value in JSON's words; an integer beyond what numbers hold digit by digit. */
export function quote(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_key, part) => typeof part === "bigint" ? String(part) : part) ??
    "nothing";
}

/** Values as messages show them. Pure. */

import { writeJson } from "../exact_json.ts";

/** A value in JSON's words, integers digit by digit. */
export function quote(value: unknown): string {
  return writeJson(value) ?? "nothing";
}

/**
 * A value as a text: a text as it is, anything else in JSON's words. `String()` throws for an object in
 * which somebody has named a field `toString`.
 */
export function plain(value: unknown): string {
  return typeof value === "string" ? value : quote(value);
}

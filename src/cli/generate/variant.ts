/** What tells several jobs of the same words apart. */

import type { GenerateValues } from "./field.ts";

/** Several images of one seed would be the same image. */
export function variant(values: GenerateValues, index: number): GenerateValues {
  const { seed } = values;
  return typeof seed === "number" ? { ...values, seed: seed + index } : values;
}

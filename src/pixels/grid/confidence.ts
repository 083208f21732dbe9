/** How likely a grid is right. Pure. */

import type { GridFinding } from "./find.ts";

/** From here on a grid is called sure. */
export const SURE = 0.9;

/** Weighs the evidence; the weights were fitted on images whose grid is known. */
export function confidenceOf({ evidence }: GridFinding): number {
  const { unexplained } = evidence;
  return Math.max(0, Math.min(1, 1 - unexplained * 4));
}

/** How likely a grid is right. Pure. */

import type { GridFinding } from "./find.ts";

/** From here on a grid is called sure. */
export const SURE = 0.97;

/**
 * Weights of the evidence, by logistic regression over 504 images whose grid is known, over a third of them
 * spoilt more than image models do; the README has the curve.
 */
const WEIGHTS = {
  constant: -5.795,
  unexplained: -2.385,
  beatenRival: 0.484,
  warped: -1.529,
  strength: 0.559,
} as const;

/** Rivals that leave more than this unexplained are all alike. */
const HOPELESS_RIVAL = 0.3;

/** Weighs the evidence for a grid. */
export function confidenceOf({ evidence, warped }: GridFinding): number {
  const { unexplained, strength } = evidence;
  const rival = Math.min(HOPELESS_RIVAL, evidence.rival);
  const sum = WEIGHTS.constant +
    WEIGHTS.unexplained * Math.log(unexplained + 0.002) +
    WEIGHTS.beatenRival * Math.log((unexplained + 0.002) / (rival + 0.01)) +
    WEIGHTS.strength * Math.log(strength + 0.005) +
    (warped ? WEIGHTS.warped : 0);
  return 1 / (1 + Math.exp(-sum));
}

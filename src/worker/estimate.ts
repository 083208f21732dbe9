/** Guesses how long jobs take, from those that were run. */

import type { GenerateRequest } from "../protocol/mod.ts";

/** First guess, before anything was measured: a middling GPU with SDXL. */
const FIRST_GUESS_MS = { perJob: 1_500, perMegapixelStep: 150 };
/** Weight of the newest measurement. */
const NEWEST = 0.3;

/** Learns and tells run times. */
export interface Estimator {
  /** Expected run time of a request in milliseconds. */
  runMs(request: GenerateRequest): number;
  /** Expected run time of whatever comes, in milliseconds. */
  readonly typicalMs: number;
  /** Learns from a finished run. */
  learn(request: GenerateRequest, tookMs: number): void;
}

/**
 * Creates an estimator. Times are taken to grow with pixels × steps; by how much is learnt for each
 * model, and from all models together for one that is new.
 */
export function createEstimator(): Estimator {
  const factors = new Map<string, number>();
  let overall = 1;
  let typicalMs: number | undefined;
  return {
    runMs: (request) => guess(request) * (factors.get(request.model) ?? overall),
    get typicalMs() {
      return typicalMs ?? FIRST_GUESS_MS.perJob;
    },
    learn(request, tookMs) {
      const factor = tookMs / guess(request);
      factors.set(request.model, blend(factors.get(request.model), factor));
      overall = blend(factors.size === 1 && overall === 1 ? undefined : overall, factor);
      typicalMs = blend(typicalMs, tookMs);
    },
  };
}

function guess({ size, steps, batch_size = 1, animation_frames }: GenerateRequest): number {
  const pictures = animation_frames ?? batch_size;
  const megapixelSteps = size[0] * size[1] / 1e6 * steps * pictures;
  return FIRST_GUESS_MS.perJob + FIRST_GUESS_MS.perMegapixelStep * megapixelSteps;
}

/** The first measurement counts fully: it beats any guess. */
function blend(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + NEWEST * (newest - before);
}

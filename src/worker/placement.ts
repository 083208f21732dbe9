/** Which server a job goes to. Pure. */

import type { GenerateRequest } from "../protocol/mod.ts";

/** A server as placement sees it. */
export interface Place {
  /** Its name. */
  readonly name: string;
  /** True if it is ready and may be handed another job. */
  readonly free: boolean;
  /** True if it gets no more jobs until it is told otherwise. */
  readonly isDraining?: boolean;
  /** Time until it has done what it was handed, in milliseconds. */
  readonly waitMs: number;
  /** How much it does in the same time, compared with others. */
  readonly weight: number;
  /** Model and LoRAs of the job handed to it last, which are in its memory; undefined if none was. */
  readonly loaded: string | undefined;
  /** True if it has the models of a request; also where that is not known. */
  has(request: GenerateRequest): boolean;
}

/** What loading a model costs, in milliseconds of waiting: a middling guess for SDXL from an SSD. */
export const LOADING_MS = 8_000;

/** Names the models of a request, so that two that need the same load can be told. */
export function modelsOf(request: GenerateRequest): string {
  const loras = request.loras?.map((lora) => lora.name) ?? (request.lora ? [request.lora] : []);
  return [request.model, ...loras].join("\n");
}

/**
 * Chooses the server on which a job is done soonest: one that has its models in memory goes before one
 * that must load them, unless the wait for it is longer than loading. A server without the models is
 * never chosen while another has them, one to be avoided only if no other does.
 *
 * @returns undefined if no server that could run it is free.
 */
export function choosePlace(
  request: GenerateRequest,
  avoid: string | undefined,
  places: readonly Place[],
): string | undefined {
  const having = places.filter((place) => place.has(request));
  // When it is certain that none has them, any one may say so.
  const able = having.length > 0 ? having : places;
  const others = able.filter((place) => place.name !== avoid && !place.isDraining);
  const models = modelsOf(request);
  let [best, least] = [undefined as string | undefined, Infinity];
  for (const { name, free, waitMs, weight, loaded } of others.length > 0 ? others : able) {
    if (!free) continue;
    const cost = (waitMs + (loaded === models ? 0 : LOADING_MS)) / weight;
    if (best === undefined || cost < least) [best, least] = [name, cost];
  }
  return best;
}

/** Which workflow a request goes to. Pure. */

import type { GenerateRequest } from "../protocol/mod.ts";

/** Workflows of requests that name none, by what they ask for. */
export interface Routes {
  /** For `animation_frames`. */
  readonly animation: string;
  /** For `tileset_grid`. */
  readonly tileset: string;
  /** For `init_image`. */
  readonly initImage: string;
  /** For `batch_size` above 1. */
  readonly batch: string;
  /** For `lora` or `loras`. */
  readonly lora: string;
}

/** The routes of the workflows that come with the package. */
export const DEFAULT_ROUTES: Routes = {
  animation: "animation",
  tileset: "tileset",
  initImage: "img2img_sdxl",
  batch: "batch",
  lora: "pixel_art_lora",
};

/**
 * Names the workflow that fits a request, or undefined when nothing in it decides. What the request
 * names itself always wins, even if it is not there: a guess would generate something else. Else the
 * first thing it asks for decides, in the order of {@linkcode Routes}.
 *
 * @param exists Tells whether a workflow is there; rules for absent ones are passed over.
 */
export function routeRequest(
  request: GenerateRequest,
  exists: (name: string) => boolean,
  routes: Routes = DEFAULT_ROUTES,
): string | undefined {
  if (request.workflow !== undefined) return request.workflow;
  const rules: [boolean, string][] = [
    [request.animation_frames !== undefined, routes.animation],
    [request.tileset_grid !== undefined, routes.tileset],
    [request.init_image !== undefined, routes.initImage],
    [(request.batch_size ?? 1) > 1, routes.batch],
    [request.lora !== undefined || (request.loras?.length ?? 0) > 0, routes.lora],
  ];
  return rules.find(([applies, name]) => applies && exists(name))?.[1];
}

/** Which workflow a request goes to. Pure. */

import type { GenerateRequest } from "../protocol/mod.ts";

/**
 * Names the workflow that fits a request, or undefined when nothing in it decides. What the request
 * names itself always wins, even if it is not there: a guess would paint something else.
 *
 * @param exists Tells whether a workflow is there; rules for absent ones are passed over.
 */
export function routeRequest(
  request: GenerateRequest,
  exists: (name: string) => boolean,
): string | undefined {
  if (request.workflow !== undefined) return request.workflow;
  const batch = (request.batch_size ?? 1) > 1;
  const lora = request.lora !== undefined || (request.loras?.length ?? 0) > 0;
  const rules: [boolean, string][] = [
    [batch, "batch"],
    [lora, "pixel_art_lora"],
  ];
  return rules.find(([applies, name]) => applies && exists(name))?.[1];
}

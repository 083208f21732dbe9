/** Requests for tests. */

import type { GenerateRequest } from "../../src/protocol/mod.ts";

/** A valid request with the given fields in place of the usual ones. */
export function generateRequest(fields: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    type: "generate",
    id: "job-1",
    prompt: "a knight",
    model: "sd_xl_base_1.0.safetensors",
    size: [512, 512],
    steps: 20,
    cfg_scale: 7.5,
    ...fields,
  };
}

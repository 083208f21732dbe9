/** Tells whether a request can be done, before it is queued. */

import { JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { bindTemplate } from "../workflow/mod.ts";
import type { CheckResult } from "./messages.ts";
import type { JobContext } from "./sandbox_job.ts";

/**
 * Chooses the workflow, tries to write the request into it, looks at its picture and looks its
 * models up. What cannot be
 * known now, because the server is away, is not held against the request.
 */
export async function checkRequest(
  { catalog, models, inputs }: Pick<JobContext, "catalog" | "models" | "inputs">,
  request: GenerateRequest,
): Promise<CheckResult> {
  try {
    const template = catalog.choose(request);
    bindTemplate(template, request, { seed: request.seed ?? 0 });
    await inputs.check(request);
    const missing = await models.missing(request);
    if (missing !== undefined) {
      return { type: "refused", code: "model_not_found", error: `Model not found: ${missing}` };
    }
    return { type: "ok", workflow: template.name };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { type: "refused", code: "invalid_parameter", error: error.message };
  }
}

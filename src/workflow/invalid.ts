/** How a request is refused. Pure. */

import { JobError } from "../errors.ts";

/** The error of a field that cannot be done, `invalid_parameter`, with what is wrong and what to do. */
export function invalid(field: string, why: string, cause?: Error): JobError {
  return new JobError("invalid_parameter", `Invalid parameter: ${field}: ${why}`, { cause });
}

/** Why an isolate would not be set up, as an error for whoever has to act. */

import { ConfigError, JobError } from "../errors.ts";

/** Makes the error from what the isolate says. */
export function setupError(code: string, message: string): ConfigError | JobError {
  // What the user has to put right.
  if (code === "invalid_workflow" || code === "unreadable" || code === "unwritable") {
    return new ConfigError(code, message);
  }
  return new JobError("sandbox", message);
}

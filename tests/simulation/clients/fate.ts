/** What is known of a job outside the worker. */

import type { JobPlan } from "../plan.ts";

/** What became of a job, as far as clients know. */
export interface JobFate {
  readonly plan: JobPlan;
  /** True once a client was told that it is stored. */
  isAccepted: boolean;
  /** True once a client was told that it will not complete. */
  isCancelPromised: boolean;
  /** What the client learnt in the end. */
  verdict: string | undefined;
  /** Its images. */
  paths: readonly string[];
}

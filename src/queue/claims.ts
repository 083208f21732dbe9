/** Claims for one server, in the words of those for several. Pure. */

import type { ClaimAllOptions, ClaimOptions } from "./job_queue.ts";

/** A claim of one job as one for a set of servers. */
export function forOne(options: ClaimOptions): ClaimAllOptions {
  const { server, clientId, leaseMs, fits = () => true } = options;
  return {
    servers: new Map([[server, clientId]]),
    limit: 1,
    leaseMs,
    // What may live on this server can be looked for nowhere else.
    place: (job, holder) => holder === server || fits(job) ? server : undefined,
  };
}

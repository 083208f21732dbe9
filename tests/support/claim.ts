/** A claim of one job for one server, which a worker never makes: it claims for all that have room. */

import type { Job, JobQueue, Lease } from "../../src/queue/mod.ts";

/** What to claim a job for. */
export interface ClaimOptions {
  /** Name of the server that will run it. */
  server: string;
  /** Socket that the server will send its events to. */
  clientId: string;
  /** How long the lease holds unless it is renewed, in milliseconds. */
  leaseMs: number;
  /** Tells whether the server shall run a job whose prompt does not live on it already. @default every job */
  fits?: (job: Job) => boolean;
}

/** The next job for a server; undefined if none may be claimed for it. */
export async function claimOne(
  queue: Pick<JobQueue, "claimAll">,
  { server, clientId, leaseMs, fits = () => true }: ClaimOptions,
): Promise<Lease | undefined> {
  const [lease] = await queue.claimAll({
    servers: new Map([[server, clientId]]),
    limit: 1,
    leaseMs,
    // What may live on this server can be looked for nowhere else.
    place: (job, holder) => holder === server || fits(job) ? server : undefined,
  });
  return lease;
}

/** A queue under test, with a clock that the test moves. */

import type { JobQueue, Lease } from "../../src/queue/mod.ts";
import { claimOne } from "../support/claim.ts";
import { manualClock } from "../support/clock.ts";
import { tempDir } from "../support/temp_dir.ts";

/** How a queue under test is opened. */
export interface QueueFactoryOptions {
  /** Most jobs that may wait. */
  maxQueued?: number;
  /** Clock, Unix milliseconds. */
  now: () => number;
  /** An empty directory to keep files in; it is removed when the queue is closed. */
  dir: string;
}

/** Opens an empty queue. */
export type QueueFactory = (options: QueueFactoryOptions) => JobQueue | Promise<JobQueue>;

/** Registers one test on a queue of its own. */
export type RegisterTest = (behaviour: string, body: (setup: Setup) => Promise<void>) => void;

/** How long the leases of tests hold. */
export const LEASE_MS = 10_000;

/** A queue, its clock, and a short way to claim. */
export interface Setup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly clock: ReturnType<typeof manualClock>;
  claim(server?: string): Promise<Lease | undefined>;
}

/** Opens a queue in a directory of its own. */
export async function createSetup(open: QueueFactory, maxQueued?: number): Promise<Setup> {
  const clock = manualClock();
  const dir = await tempDir();
  const limits = maxQueued === undefined ? {} : { maxQueued };
  const queue = await open({ now: clock.now, dir: dir.path, ...limits });
  return {
    queue,
    clock,
    claim: (server = "one") => claimOne(queue, { server, clientId: "c", leaseMs: LEASE_MS }),
    async [Symbol.asyncDispose]() {
      await queue.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

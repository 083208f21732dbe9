/** A client that submits jobs without end and never gives one up. */

import type { Client, GenerateParams, JobHandle } from "../../src/client/mod.ts";
import { ComfyError, JobError } from "../../src/errors.ts";
import { IMAGE } from "../support/worker.ts";
import type { Chance } from "./random.ts";

/** How often a worker is asked that says that it cannot start. */
const MOST_TRIES = 1_000;

/** A job as its submitter saw it. */
export interface SubmittedJob {
  /** Its id. */
  readonly id: string;
  /** Its seed, which no other job has. */
  readonly seed: number;
  /** True once the worker has said that it stored it. */
  accepted: boolean;
  /** How it ended, as far as the client has heard. */
  ending: "completed" | "failed" | "cancelled" | undefined;
  /** Why it failed. */
  error: string | undefined;
  /** What became of the wish to cancel it, if somebody had that. */
  cancel: "asked" | "promised" | "too late" | undefined;
  /** What `mark()` said when the ending was heard. */
  endedAt: number | undefined;
}

/** Options of {@linkcode startLoad}. */
export interface LoadOptions {
  /** Submits. */
  client: Client;
  /** Decides about lengths and repetitions. */
  chance: Chance;
  /** Jobs that are under way at any time. */
  outstanding: number;
  /** A number that grows with what happens elsewhere, noted with each ending. */
  mark: () => number;
  /** Added to the seeds, which are 1, 2 and so on. @default {0} */
  firstSeed?: number;
}

/** A load. */
export interface Load {
  /** Every job so far, in the order of submission. */
  readonly jobs: readonly SubmittedJob[];
  /** Submits nothing more; resolves when every job has ended, or after `patienceMs`. */
  finish(patienceMs: number): Promise<void>;
}

/** Starts to submit. */
export function startLoad(options: LoadOptions): Load {
  const { client, chance, outstanding, mark, firstSeed = 0 } = options;
  const jobs: SubmittedJob[] = [];
  let open = true;
  const runOne = async () => {
    const seed = firstSeed + jobs.length + 1;
    const job: SubmittedJob = {
      id: `crash-${seed}`,
      seed,
      accepted: false,
      ending: undefined,
      error: undefined,
      cancel: undefined,
      endedAt: undefined,
    };
    jobs.push(job);
    const steps = 2 + Math.floor(chance.below(12));
    const request: GenerateParams = { ...IMAGE, id: job.id, seed, steps };
    const cancelAfter = chance.happens(0.25) ? Math.floor(chance.below(8)) : undefined;
    await submit(client, request, job, { twice: chance.happens(0.1), cancelAfter, mark });
  };
  const stream = async () => {
    while (open) await runOne();
  };
  const streams = Array.from({ length: outstanding }, stream);
  // Told by `finish()`; one that nobody waits for must not hide what went wrong before.
  for (const one of streams) one.catch(() => {});
  return {
    jobs,
    async finish(patienceMs) {
      open = false;
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, patienceMs);
      await Promise.race([Promise.all(streams), patience.promise]);
      clearTimeout(timer);
    },
  };
}

interface Whims {
  /** True to submit it again, as if the answer had been lost. */
  readonly twice: boolean;
  /** Number of updates after which it is cancelled, if at all. */
  readonly cancelAfter: number | undefined;
  readonly mark: () => number;
}

async function submit(
  client: Client,
  request: GenerateParams,
  job: SubmittedJob,
  { twice, cancelAfter, mark }: Whims,
): Promise<void> {
  const handle = client.generate(request);
  const cancelling = cancelAfter === undefined ? undefined : cancel(handle, job, cancelAfter);
  cancelling?.catch(() => {});
  try {
    await handle.accepted;
    job.accepted = true;
    if (twice) await client.generate(request).accepted;
    await handle.result;
    job.ending = "completed";
  } catch (error) {
    const isCancelled = error instanceof JobError && error.code === "cancelled";
    job.ending = isCancelled ? "cancelled" : "failed";
    job.error = error instanceof Error ? error.message : String(error);
  }
  job.endedAt = mark();
  await cancelling;
}

/** Cancels at some moment of the job's life, if it lives that long. */
async function cancel(handle: JobHandle, job: SubmittedJob, afterUpdates: number): Promise<void> {
  let heard = 0;
  await handle.accepted;
  if (afterUpdates > 0) {
    for await (const _ of handle.updates()) if (++heard === afterUpdates) break;
  }
  if (heard < afterUpdates) return;
  job.cancel = "asked";
  for (let tries = 1;; tries++) {
    try {
      await handle.cancel();
      job.cancel = "promised";
      return;
    } catch (error) {
      // A worker whose start fails says so to all who ask it; the next one is on its way.
      if (isNoStart(error) && tries < MOST_TRIES) continue;
      if (!(error instanceof JobError)) throw error;
      // Or the answer to a first try was lost.
      job.cancel = "too late";
      return;
    }
  }
}

function isNoStart(error: unknown): boolean {
  return error instanceof ComfyError && error.message.includes("could not be started");
}

/** A client that submits jobs without end and never gives one up. */

import type { Client, GenerateParams } from "../../src/client/mod.ts";
import { PICTURE } from "../support/worker.ts";
import type { Chance } from "./random.ts";

/** A job as its submitter saw it. */
export interface SubmittedJob {
  /** Its id. */
  readonly id: string;
  /** Its seed, which no other job has. */
  readonly seed: number;
  /** True once the worker has said that it stored it. */
  accepted: boolean;
  /** How it ended, as far as the client has heard. */
  ending: "completed" | "failed" | undefined;
  /** Why it failed. */
  error: string | undefined;
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
}

/** A load. */
export interface Load {
  /** Every job so far, in the order of submission. */
  readonly jobs: readonly SubmittedJob[];
  /** Submits nothing more; resolves when every job has ended, or after `patienceMs`. */
  finish(patienceMs: number): Promise<void>;
}

/** Starts to submit. */
export function startLoad({ client, chance, outstanding, mark }: LoadOptions): Load {
  const jobs: SubmittedJob[] = [];
  let open = true;
  const runOne = async () => {
    const seed = jobs.length + 1;
    const job: SubmittedJob = {
      id: `crash-${seed}`,
      seed,
      accepted: false,
      ending: undefined,
      error: undefined,
      endedAt: undefined,
    };
    jobs.push(job);
    const steps = 2 + Math.floor(chance.below(12));
    const request: GenerateParams = { ...PICTURE, id: job.id, seed, steps };
    await submit(client, request, job, chance.happens(0.1));
    job.endedAt = mark();
  };
  const stream = async () => {
    while (open) await runOne();
  };
  const streams = Array.from({ length: outstanding }, stream);
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

async function submit(
  client: Client,
  request: GenerateParams,
  job: SubmittedJob,
  twice: boolean,
): Promise<void> {
  const handle = client.generate(request);
  try {
    await handle.accepted;
    job.accepted = true;
    // As if the answer had been lost: the worker must know the job again.
    if (twice) await client.generate(request).accepted;
    await handle.result;
    job.ending = "completed";
  } catch (error) {
    job.ending = "failed";
    job.error = error instanceof Error ? error.message : String(error);
  }
}

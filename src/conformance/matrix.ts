/** The fault matrix as data: what befalls a job, and what is asked of the worker. */

import type { JobHandle } from "../client/mod.ts";
import type { Bench, JobSize } from "./bench.ts";
import { POST_PROMPT } from "./observer.ts";
import { aborted } from "./wait.ts";

/** Names of the scenarios, in the order of the table. */
export type ScenarioName = "none" | "gap" | "restart" | "mute" | "lost_answer";

/** What is done to a job. */
export interface Disturbance {
  /** The bench that it runs on. */
  readonly bench: Bench;
  /** The job, just submitted. */
  readonly job: JobHandle;
  /** Aborts when the job has ended. */
  readonly signal: AbortSignal;
}

/** One column of the matrix. */
export interface Scenario {
  /** Its name. */
  readonly name: ScenarioName;
  /** What happens, in a few words. */
  readonly title: string;
  /** True if the server must be ours, because it is restarted. */
  readonly needsSimulator?: true;
  /** Time allowed beyond what the server itself works on the job, in ms; none if only the ending counts. */
  readonly allowanceMs: number | undefined;
  /** Arms what must be armed before the job is submitted. */
  arm?(bench: Bench, size: JobSize): void;
  /**
   * Disturbs the job.
   *
   * @returns when the time of the job is to be counted from, if not from its submission.
   */
  disturb?(disturbance: Disturbance): Promise<number | undefined>;
}

/** Time that a restarted server stays away, in milliseconds. */
const DOWN_MS = 1_000;

/** The scenarios. The allowances are those of the fault matrix for a job of 2 s. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "none", title: "no fault", allowanceMs: 100 },
  {
    name: "gap",
    title: "socket cut in the middle, away until the job has ended",
    allowanceMs: 500,
    async disturb({ bench: { proxy, observer }, job, signal }) {
      await untilHalfDone(job);
      proxy.faults.refuseSockets(true);
      proxy.faults.cutSockets();
      // A worker that knows of the end before this observer does has waited for it as well.
      await observer.idle(signal).catch(() => {});
      proxy.faults.refuseSockets(false);
      return undefined;
    },
  },
  {
    name: "restart",
    title: "ComfyUI restarted with empty memory; time since it is back",
    needsSimulator: true,
    allowanceMs: 3_000,
    // It waits in the middle: where everything is slow, it might end before anybody hears of its half.
    arm: ({ simulator }, { steps }) => void simulator?.faults.stall({ step: (steps >> 1) + 1 }),
    async disturb({ bench: { simulator }, signal }) {
      await simulator?.when("stalled", undefined, { signal });
      await simulator?.faults.restart({ downMs: DOWN_MS });
      return performance.now();
    },
  },
  {
    name: "mute",
    title: "socket open but silent from the middle on",
    allowanceMs: 1_000,
    async disturb({ bench: { proxy }, job, signal }) {
      await untilHalfDone(job);
      proxy.faults.mute(true);
      await aborted(signal);
      proxy.faults.mute(false);
      return undefined;
    },
  },
  {
    name: "lost_answer",
    title: "POST /prompt taken, its answer lost",
    allowanceMs: undefined,
    arm: ({ proxy }) => proxy.faults.loseNextAnswer(POST_PROMPT),
    async disturb({ bench: { proxy }, signal }) {
      await proxy.when("fault", undefined, { signal });
      return undefined;
    },
  },
];

/** @throws {Error} if the job ends before half of its steps were told. */
async function untilHalfDone(job: JobHandle): Promise<void> {
  for await (const update of job.updates()) {
    if (update.type !== "progress" || update.stage !== "sampling") continue;
    if (update.step * 2 >= update.total_steps) return;
  }
  throw new Error("The job ended without telling its steps, so it could not be disturbed");
}

/** The handlers of requests, with all that they need. */

import type { CheckResult } from "../../../src/executor/mod.ts";
import {
  decodeReply,
  encodeReply,
  type GenerateRequest,
  type Reply,
  type Request,
} from "../../../src/protocol/mod.ts";
import { type Job, type JobQueue, openSqliteQueue } from "../../../src/queue/mod.ts";
import { createArrivals } from "../../../src/worker/arrivals.ts";
import { openFrom } from "../../../src/worker/image_files.ts";
import { createEstimator } from "../../../src/worker/estimates/estimator.ts";
import type { ServerView } from "../../../src/worker/requests/context.ts";
import { handleRequest } from "../../../src/worker/requests/mod.ts";

/** The handlers on a queue in memory. */
export interface HandlerSetup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly servers: { check: ServerView["check"] }[];
  readonly announced: Job[];
  readonly aborted: string[];
  wakes(): number;
  /** Asks, and reads the answer back as a client would. */
  ask(request: Request, isFollowed?: boolean): Promise<Reply>;
}

/** Sets them up with servers that the test plays. */
export function handlers(
  servers: { -readonly [Key in keyof ServerView]: ServerView[Key] }[] = [server("a")],
  options: {
    maxQueued?: number;
    stopping?: boolean;
    outputDir?: string;
    problem?: string;
    wrap?: (queue: JobQueue) => JobQueue;
  } = {},
): HandlerSetup {
  const queue = openSqliteQueue({ path: ":memory:", maxQueued: options.maxQueued ?? 100 });
  const announced: Job[] = [];
  const aborted: string[] = [];
  const draining = new Set<string>();
  let wakes = 0;
  const context = {
    queue: options.wrap?.(queue) ?? queue,
    workerName: "w",
    servers,
    scheduler: {
      came: () => void (wakes += 1),
      abort: (jobId: string) => void aborted.push(jobId),
      activeOn: () => 0,
      isDrained: false,
      setDrained(isDrained: boolean) {
        this.isDrained = isDrained;
      },
      isDraining: (name: string) => draining.has(name),
      setDraining: (name: string, isDraining: boolean) =>
        void (isDraining ? draining.add(name) : draining.delete(name)),
      progressOf: () => undefined,
      waitBeforeMs: () => 0,
    },
    announcer: {
      announce: (job: Job) => Promise.resolve(void announced.push(job)),
      catchUp: () => Promise.resolve(),
    },
    estimator: createEstimator(),
    arrivals: createArrivals(),
    updates: { epoch: 1_700_000_000_000, lastSeq: 17 },
    freeSpace: { problem: options.problem },
    openImage: openFrom(options.outputDir ?? "/nonexistent", undefined, "worker"),
    stopping: () => options.stopping ?? false,
    uptimeMs: () => 61_900,
  };
  return {
    queue,
    servers,
    announced,
    aborted,
    wakes: () => wakes,
    ask: async (request, isFollowed = false) =>
      decodeReply(encodeReply(await handleRequest(context, request, () => isFollowed))),
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

/** A server that says the same of every request. */
export function server(
  name: string,
  check: CheckResult = { type: "ok", workflow: "txt2img" },
): ServerView {
  return {
    name,
    url: `http://${name}:8188`,
    state: "ready",
    stateError: undefined,
    recall: () => undefined,
    check: (_request: GenerateRequest) => Promise.resolve(check),
    models: () => Promise.resolve([]),
    catalog: () => Promise.resolve({ workflows: ["txt2img"] }),
  };
}

/** The refusal of the usual request. */
export function error(message: string): Reply {
  return { type: "job_error", job_id: "job-1", error: message };
}

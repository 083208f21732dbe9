/**
 * Some workers in one process, without sockets and ComfyUI: their schedulers, with servers of which each does a job in
 * two seconds, one after the other. Told by a line of JSON what to do; tells what came of it in another.
 */

import type { RunOutcome, RunSpec } from "../../src/executor/mod.ts";
import type { JobQueue } from "../../src/queue/mod.ts";
import { openPostgresQueue } from "../../src/queue/postgres/postgres_queue.ts";
import { announceOnce, createAnnouncer } from "../../src/worker/announcer.ts";
import { createEstimator } from "../../src/worker/estimates/estimator.ts";
import { startFollowing } from "../../src/worker/following.ts";
import { createPublisher } from "../../src/worker/publisher.ts";
import { startScheduler } from "../../src/worker/scheduler.ts";
import type { Scheduler } from "../../src/worker/scheduling.ts";
import type { JobRunner } from "../../src/worker/slot.ts";
import { generateRequest } from "../support/requests.ts";
import { pause, print } from "./machine.ts";

/** What a process is to do. */
export interface MembersTask {
  /** The queue. */
  readonly url: string;
  /** Names of its workers. */
  readonly names: readonly string[];
  /** Servers of each. */
  readonly servers: number;
  /** What a job takes, in milliseconds. */
  readonly jobMs: number;
  /** Time between two jobs that each worker accepts, in milliseconds; 0 if there are enough already. */
  readonly everyMs: number;
  /** When to begin and to end counting, Unix milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What came of it. */
export interface MembersReport {
  /** Jobs that servers finished meanwhile. */
  readonly jobs: number;
  /** Times for which servers had nothing to do while the job that they did next was there, in milliseconds. */
  readonly gapsMs: readonly number[];
  /** Endings that were told. */
  readonly told: number;
}

/** A GPU that does one job after the other. */
class VirtualServer implements JobRunner {
  readonly name: string;
  readonly clientId = "client";
  readonly state = "ready";
  readonly weight = 1;
  readonly maxInFlight = 2;
  readonly modelKeys = new Set(["checkpoint/sdxl"]);
  readonly #onGap: (ms: number) => void;
  readonly #jobMs: number;
  #last: Promise<void> = Promise.resolve();
  #idleSinceMs = -Infinity;

  constructor(name: string, jobMs: number, onGap: (ms: number) => void) {
    this.name = name;
    this.#jobMs = jobMs;
    this.#onGap = onGap;
  }

  has(): boolean {
    return true;
  }

  withdraw(promptIds: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(promptIds);
  }

  async run(
    { jobId }: RunSpec,
    { onEvent }: Parameters<JobRunner["run"]>[1],
  ): Promise<RunOutcome> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = promise;
    await before;
    const sinceMs = Math.max(this.#idleSinceMs, cameAtMs(jobId));
    if (sinceMs > -Infinity) this.#onGap(Date.now() - sinceMs);
    onEvent({ type: "started", workflow: "scale" });
    await pause(this.#jobMs);
    this.#idleSinceMs = Date.now();
    resolve();
    return { type: "completed", imagePaths: [`/output/${jobId}_0.png`] };
  }
}

const CAME = /^came-(\d+)-/;

/** When a client sent the job, which its name tells, Unix milliseconds; those of others were always there. */
function cameAtMs(jobId: string): number {
  const [, ms] = CAME.exec(jobId) ?? [];
  return ms === undefined ? -Infinity : Number(ms);
}

/** Sends a worker jobs, one at a time, as a client would; disposing of it ends that. */
function sendJobs(
  { queue, scheduler, name }: { queue: JobQueue; scheduler: Scheduler; name: string },
  everyMs: number,
): AsyncDisposable {
  let sent = 0;
  const sending = new Set<Promise<void>>();
  const send = async () => {
    const id = `came-${Date.now()}-${name}-${sent += 1}`;
    const result = await queue.enqueue(generateRequest({ id, model: "sdxl" }));
    if (result.type === "accepted") scheduler.came(result.job);
  };
  const timer = setInterval(() => {
    const one = send().finally(() => sending.delete(one));
    sending.add(one);
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all(sending);
    },
  };
}

async function work(task: MembersTask): Promise<MembersReport> {
  const { url, names, servers, jobMs, everyMs, fromMs, untilMs } = task;
  const gapsMs: number[] = [];
  let [jobs, told] = [0, 0];
  const isCounted = () => Date.now() >= fromMs && Date.now() < untilMs;
  await using running = new AsyncDisposableStack();
  const draining: (() => Promise<void>)[] = [];
  await using clients = new AsyncDisposableStack();
  for (const name of names) {
    const queue = running.use(
      await openPostgresQueue({ url, worker: name, maxQueued: 10_000_000 }),
    );
    const publisher = createPublisher({ publish() {} });
    const announcer = announceOnce(createAnnouncer({
      publisher,
      onEnding: () => Promise.resolve(void (told += isCounted() ? 1 : 0)),
    }));
    const estimator = createEstimator();
    const runners = Array.from(
      { length: servers },
      (_, nth) =>
        new VirtualServer(`${name}-${nth}`, jobMs, (ms) => {
          if (!isCounted()) return;
          jobs += 1;
          gapsMs.push(ms);
        }),
    );
    let held = () => runners.map((one) => ({ ...heldOf(one) }));
    await queue.shared?.hold(() => held());
    const scheduler = startScheduler({
      queue,
      runners,
      publisher,
      announcer,
      estimator,
      maxRetries: 3,
      retryDelayMs: 1_000,
    });
    held = () => [...scheduler.held()] as ReturnType<typeof held>;
    draining.push(() => scheduler.drain());
    running.use(startFollowing({ shared: queue.shared!, announcer, scheduler }));
    if (everyMs > 0) clients.use(sendJobs({ queue, scheduler, name }, everyMs));
  }
  await pause(untilMs - Date.now());
  await clients.disposeAsync();
  // All at once, for each waits for what its servers do.
  await Promise.all(draining.map((drain) => drain()));
  return { jobs, gapsMs, told };
}

function heldOf({ name, weight }: VirtualServer) {
  return { name, weight, room: 0, active: 0, waitMs: 0, draining: false };
}

if (import.meta.main) {
  const report = await work(JSON.parse(Deno.args[0] ?? "") as MembersTask);
  print(JSON.stringify(report));
}

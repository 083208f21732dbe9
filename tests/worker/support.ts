/** Parts of a worker that a test can steer. */

import type { RunEvent, RunOutcome, RunSpec, ServerState } from "../../src/executor/mod.ts";
import type { GenerateRequest, Progress, Update } from "../../src/protocol/mod.ts";
import { type JobQueue, openSqliteQueue } from "../../src/queue/mod.ts";
import { createAnnouncer } from "../../src/worker/announcer.ts";
import { createEstimator } from "../../src/worker/estimates/estimator.ts";
import { startScheduler } from "../../src/worker/scheduler.ts";
import type { Scheduler } from "../../src/worker/scheduling.ts";
import { manualClock } from "../support/clock.ts";
import { generateRequest } from "../support/requests.ts";

/** One run that the test plays the server of. */
export interface FakeRun {
  /** What was to be run. */
  readonly spec: RunSpec;
  /** Aborted when the job is to stop. */
  readonly signal: AbortSignal;
  /** Tells the scheduler something. */
  tell(event: RunEvent): void;
  /** Ends the run. */
  end(outcome: RunOutcome): void;
}

/** A server whose runs the test ends. */
export class FakeRunner {
  readonly name: string;
  readonly clientId = "client";
  readonly weight: number;
  readonly maxInFlight: number;
  state: ServerState = "ready";
  readonly #runs: FakeRun[] = [];
  readonly #waiting: ((run: FakeRun) => void)[] = [];
  readonly #begun: ((outcome: RunOutcome) => void)[] = [];

  constructor({ name = "one", weight = 1, maxInFlight = 1 } = {}) {
    this.name = name;
    this.weight = weight;
    this.maxInFlight = maxInFlight;
  }

  /** Models that it has; undefined for all. */
  models: readonly string[] | undefined;

  get modelKeys(): ReadonlySet<string> | undefined {
    return this.models && new Set(this.models.map((model) => `checkpoint/${model}`));
  }

  has(request: GenerateRequest): boolean {
    return this.models?.includes(request.model) ?? true;
  }

  /** Prompts that it was asked to remove, each time. */
  readonly withdrawn: (readonly string[])[] = [];

  /** What comes of removing prompts. */
  withdraw: (promptIds: readonly string[]) => Promise<readonly string[]> = (promptIds) => {
    this.withdrawn.push(promptIds);
    return Promise.resolve(promptIds);
  };

  run(
    spec: RunSpec,
    { signal, onEvent }: { signal: AbortSignal; onEvent: (event: RunEvent) => void },
  ): Promise<RunOutcome> {
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    const run = { spec, signal, tell: onEvent, end: resolve };
    this.#begun.push(resolve);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#runs.push(run);
    else waiting(run);
    return promise;
  }

  /** The next run that was started. */
  next(): Promise<FakeRun> {
    const run = this.#runs.shift();
    if (run !== undefined) return Promise.resolve(run);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ends what a test that failed left running: the failure is to be seen, not a test that hangs. */
  endAll(): void {
    for (const end of this.#begun) end(DONE);
  }
}

/** How long a server of a test may be away before others run what it was given. */
export const ABANDON_MS = 30_000;

/** A scheduler on a queue in memory, with a server that the test plays. */
export interface SchedulerSetup extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly runner: FakeRunner;
  readonly scheduler: Scheduler;
  readonly clock: ReturnType<typeof manualClock>;
  /** What was published so far. */
  readonly updates: Update[];
  /** Resolves when no job is under way and the scheduler waits for something to happen. */
  idle(): Promise<void>;
  /** Resolves when the scheduler has looked at everything, and waits again. */
  round(): Promise<void>;
  /** Resolves when an update of this type was published. */
  published(type: Update["type"]): Promise<Update>;
}

/** Starts one; disposing of it ends what runs. */
export function schedulerSetup(
  options: {
    maxRetries?: number;
    maxInFlight?: number;
    percentElsewhere?: (jobId: string) => number;
    runners?: FakeRunner[];
    /** Stands between the scheduler and the queue. */
    wrap?: (queue: JobQueue) => JobQueue;
  } = {},
): SchedulerSetup {
  const clock = manualClock();
  const queue = openSqliteQueue({ path: ":memory:", now: clock.now });
  const runners = options.runners ?? [new FakeRunner({ maxInFlight: options.maxInFlight ?? 1 })];
  const [runner] = runners;
  if (runner === undefined) throw new Error("A scheduler needs a server");
  const updates: Update[] = [];
  const listeners = new Set<(update: Update) => void>();
  let nextIdle = Promise.withResolvers<void>();
  let nextEnding = Promise.withResolvers<void>();
  const wrapped = options.wrap?.(queue) ?? queue;
  const publisher = {
    publish(update: Update) {
      updates.push(update);
      for (const listener of listeners) listener(update);
    },
  };
  const scheduler = startScheduler({
    queue: override(wrapped, {
      async settle(...ending) {
        const job = await wrapped.settle(...ending);
        nextEnding.resolve();
        nextEnding = Promise.withResolvers();
        return job;
      },
      // The last question before it waits.
      nextDeadlineAtMs: () => {
        nextIdle.resolve();
        nextIdle = Promise.withResolvers();
        return queue.nextDeadlineAtMs();
      },
    }),
    abandonMs: ABANDON_MS,
    storeAgainMs: 0,
    lookAgainMs: 0,
    runners,
    publisher,
    announcer: createAnnouncer({ queue, publisher }),
    estimator: createEstimator(),
    maxRetries: options.maxRetries ?? 1,
    percentElsewhere: options.percentElsewhere ?? (() => 0),
    retryDelayMs: 0,
    now: clock.now,
    random: () => 0,
  });
  const round = async () => {
    // What it waits for at first may be the end of a round that began before this one.
    for (let end = 0; end < 2; end += 1) {
      scheduler.wake();
      await nextIdle.promise;
    }
  };
  return {
    queue,
    runner,
    scheduler,
    clock,
    updates,
    async idle() {
      // The end of the last job may be stored after the scheduler has looked.
      while ((await queue.counts()).running > 0) {
        await Promise.race([nextIdle.promise, nextEnding.promise]);
      }
      await round();
    },
    round,
    published(type) {
      const { promise, resolve } = Promise.withResolvers<Update>();
      const listener = (update: Update) => {
        if (update.type !== type) return;
        listeners.delete(listener);
        resolve(update);
      };
      listeners.add(listener);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      for (const runner of runners) runner.endAll();
      await scheduler.drain();
      await queue.close();
    },
  };
}

/** The queue with some of its methods replaced. */
export function override(queue: JobQueue, methods: Partial<JobQueue>): JobQueue {
  return new Proxy(queue, {
    get(target, name) {
      const own = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** How a run ends well. */
export const DONE: RunOutcome = {
  type: "completed",
  imagePaths: ["/out/a.png", "/out/b.png"],
};

/** Queues the usual job and waits until it runs. */
export async function submit({ queue, scheduler, runner }: SchedulerSetup): Promise<FakeRun> {
  const result = await queue.enqueue(generateRequest());
  if (result.type === "accepted") scheduler.came(result.job);
  return await runner.next();
}

/** A sign of progress. */
export function progress(fields: Partial<Progress>): RunEvent {
  const all = { stage: "sampling", step: 1, total_steps: 20, percent: 5, eta_s: 1 } as const;
  return { type: "progress", progress: { ...all, ...fields } } as const;
}

/** How a run fails. */
export function failure(
  code: string,
  fields: { retry: boolean; keepPrompt?: boolean; crashed?: boolean },
): RunOutcome {
  return {
    type: "failed",
    code,
    error: `because ${code}`,
    keepPrompt: false,
    crashed: false,
    ...fields,
  };
}

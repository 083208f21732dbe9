/** Tells the metrics what happens, without anybody having to know of them. */

import type { Metrics, Snapshot } from "../http/mod.ts";
import type { Ending, JobQueue } from "../queue/mod.ts";
import { type Announcer, durationS } from "./announcer.ts";
import type { FreeSpace } from "./free_space.ts";
import type { AttemptReport } from "./attempt.ts";
import type { Handle } from "./answer.ts";
import type { SchedulerView, ServerView } from "./requests/context.ts";

/** A queue whose steps are timed. */
export function measuredQueue(queue: JobQueue, metrics: Metrics | undefined): JobQueue {
  if (metrics === undefined) return queue;
  const timed = new Map<string, unknown>();
  return new Proxy(queue, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      // `Symbol.asyncDispose` and the like are no steps.
      if (typeof name !== "string") return member.bind(target);
      if (!timed.has(name)) timed.set(name, timedStep(name, member.bind(target), metrics));
      return timed.get(name);
    },
  });
}

function timedStep(
  name: string,
  step: (...args: unknown[]) => Promise<unknown>,
  metrics: Metrics,
): typeof step {
  return (...args) => {
    const beganAtMs = performance.now();
    const result = step(...args);
    const note = () => metrics.databaseTook(name, (performance.now() - beganAtMs) / 1_000);
    // A failure is the caller's to handle; here only its time counts.
    result.then(note, note);
    return result;
  };
}

/** An announcer that counts endings. */
export function measuredAnnouncer(announcer: Announcer, metrics: Metrics | undefined): Announcer {
  if (metrics === undefined) return announcer;
  return {
    announce(job) {
      metrics.jobEnded(endOf(job));
      return announcer.announce(job);
    },
  };
}

function endOf(job: Ending): Parameters<Metrics["jobEnded"]>[0] {
  const { createdAtMs, startedAtMs, outcome } = job;
  const isStarted = startedAtMs !== undefined;
  return {
    outcome: outcome?.type ?? "failed",
    waitS: isStarted ? Math.max(0, startedAtMs - createdAtMs) / 1_000 : undefined,
    runS: isStarted ? durationS(job) : undefined,
  };
}

/** A handler whose answers are timed. */
export function measuredHandle(
  handle: Handle,
  transport: "zmq" | "http",
  metrics: Metrics | undefined,
): Handle {
  if (metrics === undefined) return handle;
  return async (request, isFollowed, owner) => {
    const beganAtMs = performance.now();
    try {
      return await handle(request, isFollowed, owner);
    } finally {
      metrics.replied(transport, request.type, (performance.now() - beganAtMs) / 1_000);
    }
  };
}

/** What the scheduler tells of an attempt, for the metrics. */
export function noteAttempt(
  metrics: Metrics,
  { server, failure, isRetried, times }: AttemptReport,
): void {
  const sampling = times?.nodes.filter(({ steps, stepMs }) => steps > 0 && stepMs > 0) ?? [];
  metrics.attemptEnded({
    server,
    failure,
    isRetried,
    stepS: sampling.map(({ stepMs }) => stepMs / 1_000),
  });
}

/** What a snapshot is made of. */
export interface SnapshotSources {
  /** Counts jobs. */
  readonly queue: Pick<JobQueue, "counts" | "outbox">;
  /** The servers. */
  readonly servers: readonly ServerView[];
  /** Knows what the servers do. */
  readonly scheduler: Pick<SchedulerView, "activeOn" | "isDraining">;
  /** Knows the disk. */
  readonly freeSpace: Pick<FreeSpace, "look">;
  /** Counts connections that were too many. */
  readonly crowd: { readonly refused: number };
  /** Counts updates that were given up. */
  readonly updates: { readonly dropped: number };
}

/** Looks at what is so now. */
export async function takeSnapshot(
  { queue, servers, scheduler, crowd, updates, freeSpace }: SnapshotSources,
): Promise<Omit<Snapshot, "listeners">> {
  const { queued, running, oldestQueuedAtMs } = await queue.counts({ oldest: true });
  return {
    queued,
    running,
    oldestAgeS: oldestQueuedAtMs === undefined
      ? 0
      : Math.max(0, Date.now() - oldestQueuedAtMs) / 1_000,
    servers: servers.map(({ name, state }) => ({
      name,
      state,
      inFlight: scheduler.activeOn(name),
      isDraining: scheduler.isDraining(name),
    })),
    webhooks: await queue.outbox.counts(),
    droppedUpdates: updates.dropped,
    refusedConnections: crowd.refused,
    freeDiskBytes: await freeSpace.look(),
  };
}

/** Follows what other workers of a shared queue do: endings, wishes to cancel, work to be done. */

import { messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { SharedQueue } from "../queue/mod.ts";
import type { Announcer } from "./announcer.ts";
import type { Relay } from "./relay.ts";
import type { Scheduler } from "./scheduling.ts";
import { createWakeUp } from "./wake_up.ts";

/** What following works with. */
export interface FollowingOptions {
  /** What the others do. */
  shared: SharedQueue;
  /** Tells endings, each once. */
  announcer: Announcer;
  /** Runs jobs. */
  scheduler: Pick<
    Scheduler,
    | "wake"
    | "came"
    | "abort"
    | "running"
    | "noteElsewhere"
    | "noteDeadline"
    | "setDrained"
  >;
  /** Tells how the jobs of the others come along. */
  relay?: Relay | undefined;
  /** Longest time between two looks, in milliseconds, whether anybody told of a change or not. @default {1000} */
  lookMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Shortest time between two looks, in milliseconds, however much there is to be told. */
const PAUSE_MS = 20;

/** What each other worker adds to that, so that many do not ask all the time. */
const PAUSE_EACH_MS = 4;

/** Shortest time between two looks at who the others are, in milliseconds: they tell of their servers no oftener. */
const MEET_MS = 500;

/** What each of their servers adds to that. */
const MEET_EACH_MS = 4;

/** Time after which the scheduler looks at everything anew: leases run out, and a wake-up may be lost. */
const WAKE_MS = 5_000;

/** Follows the others until it is disposed of. */
export function startFollowing(options: FollowingOptions): AsyncDisposable {
  const { shared, announcer, scheduler, relay, lookMs = 1_000, logger = silentLogger } = options;
  const wakeUp = createWakeUp();
  let open = true;
  let isAway = false;
  shared.onChange(() => wakeUp.wake());
  let metAtMs = -Infinity;
  let wokeAtMs = -Infinity;
  let [others, servers] = [0, 0];
  const meet = async () => {
    metAtMs = performance.now();
    const neighbours = await shared.meet();
    [others, servers] = [neighbours.workers, neighbours.servers.length];
    scheduler.noteElsewhere(neighbours.servers);
    await relay?.look(neighbours);
  };
  const look = async () => {
    if (performance.now() - metAtMs >= MEET_MS + MEET_EACH_MS * servers) await meet();
    let hasMore = true;
    while (open && hasMore) {
      const news = await shared.news(scheduler.running());
      const { endings, cancelled, hasWork } = news;
      scheduler.noteDeadline(news.deadlineAtMs);
      scheduler.setDrained(news.isDraining);
      for (const id of cancelled) scheduler.abort(id);
      for (const job of endings) await announcer.announce(job);
      hasMore = news.hasMore;
      if (hasWork && !hasMore) scheduler.came();
    }
    if (performance.now() - wokeAtMs < WAKE_MS && !isAway) return;
    wokeAtMs = performance.now();
    scheduler.wake();
  };
  const follow = async () => {
    while (open) {
      try {
        await look();
        isAway = false;
      } catch (error) {
        if (!isAway) {
          logger.log("error", `Cannot follow the other workers: ${messageOf(error)}`);
        }
        isAway = true;
      }
      if (open) await pause(PAUSE_MS + PAUSE_EACH_MS * others);
      if (open) await wakeUp.wait(lookMs);
    }
  };
  const following = follow();
  return {
    async [Symbol.asyncDispose]() {
      open = false;
      wakeUp.wake();
      await following;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Follows what other workers of a shared queue do: endings, wishes to cancel, work to be done. */

import { type Logger, silentLogger } from "../log.ts";
import type { SharedQueue } from "../queue/mod.ts";
import type { Announcer } from "./announcer.ts";
import type { Relay } from "./relay.ts";
import type { Scheduler } from "./scheduler.ts";
import { createWakeUp } from "./wake_up.ts";

/** What following works with. */
export interface FollowingOptions {
  /** What the others do. */
  shared: SharedQueue;
  /** Tells endings, each once. */
  announcer: Announcer;
  /** Runs jobs. */
  scheduler: Pick<Scheduler, "wake" | "abort" | "noteElsewhere">;
  /** Tells how the jobs of the others come along. */
  relay?: Relay | undefined;
  /** Longest time between two looks, in milliseconds, whether anybody told of a change or not. @default {1000} */
  lookMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Shortest time between two looks, in milliseconds, however much there is to be told. */
const PAUSE_MS = 20;

/** Shortest time between two looks at who the others are: they tell of their servers no oftener. */
const MEET_MS = 500;

/** Follows the others until it is disposed of. */
export function startFollowing(options: FollowingOptions): AsyncDisposable {
  const { shared, announcer, scheduler, relay, lookMs = 1_000, logger = silentLogger } = options;
  const wakeUp = createWakeUp();
  let open = true;
  let isAway = false;
  shared.onChange(() => wakeUp.wake());
  let metAtMs = -Infinity;
  const meet = async () => {
    metAtMs = performance.now();
    const servers = await shared.elsewhere();
    scheduler.noteElsewhere(servers);
    await relay?.look(servers);
  };
  const look = async () => {
    for (const id of await shared.cancelled()) scheduler.abort(id);
    if (performance.now() - metAtMs >= MEET_MS) await meet();
    for (let ended = await shared.endings(); open && ended.length > 0;) {
      for (const job of ended) await announcer.announce(job);
      ended = await shared.endings();
    }
  };
  const follow = async () => {
    while (open) {
      try {
        await look();
        isAway = false;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!isAway) logger.log("error", `Cannot follow the other workers: ${why}`);
        isAway = true;
      }
      // There may be room here for what came there, and leases run out.
      scheduler.wake();
      if (open) await pause(PAUSE_MS);
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

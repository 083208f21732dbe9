/** Sees to it that a server which is back is rid of what was given up on it, before it is handed jobs. */

import { type Logger, silentLogger } from "../log.ts";
import type { JobQueue } from "../queue/mod.ts";
import type { Slot } from "./slot.ts";

/** What welcoming works with. */
export interface WelcomeOptions {
  /** Knows what was given up where. */
  queue: Pick<JobQueue, "welcomeBack" | "forgetPrompts">;
  /** Called when a server has become free for jobs. */
  onAdmitted: () => void;
  /** Time between two looks at what a server does not let go of, in milliseconds. @default {1000} */
  lookAgainMs?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Welcomes servers. Disposing of it leaves the rest to the next start. */
export class Welcome implements AsyncDisposable {
  readonly #options: WelcomeOptions;
  readonly #logger: Logger;
  readonly #visits = new Map<Slot, Promise<void>>();
  readonly #closing = new AbortController();

  /** Begins with nobody to welcome. */
  constructor(options: WelcomeOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /** Admits the servers that are there, at once or when what was left there has been seen off. */
  async look(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) {
      if (!slot.isBack || this.#visits.has(slot)) continue;
      const left = await this.#options.queue.welcomeBack(slot.name);
      if (left.length === 0) {
        slot.admit();
        continue;
      }
      const visit = this.#seeOff(slot, left).finally(() => {
        this.#visits.delete(slot);
        // It may have been away meanwhile.
        this.#options.onAdmitted();
      });
      this.#visits.set(slot, visit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#visits.values());
  }

  /** What does not go at once goes beside the jobs: nobody can tell how long a node goes on. */
  async #seeOff(slot: Slot, promptIds: readonly string[]): Promise<void> {
    const { absences, name: server } = slot;
    const { signal } = this.#closing;
    let left = promptIds;
    for (let looks = 1; !signal.aborted; looks += 1) {
      left = await this.#withdraw(slot, left);
      // What was given up while it was away again is another visit's.
      if (slot.absences !== absences) return;
      slot.admit();
      if (left.length === 0) return;
      if (looks === 1) {
        const message = "ComfyUI has not let go of prompts that were given up while it was away; " +
          "asking again until it does. A node that never checks for an interrupt ends only with a restart of ComfyUI";
        this.#logger.log("warn", message, { server, prompts: left.length });
      }
      this.#options.onAdmitted();
      await pause(this.#options.lookAgainMs ?? 1_000, signal);
    }
  }

  /** Returns what may still be there. */
  async #withdraw(slot: Slot, promptIds: readonly string[]): Promise<readonly string[]> {
    const { name: server } = slot;
    try {
      const gone = await slot.runner.withdraw(promptIds);
      if (gone.length === 0) return promptIds;
      await this.#options.queue.forgetPrompts(server, gone);
      this.#logger.log("info", "Removing prompts that were given up while ComfyUI was away", {
        server,
        prompts: gone.length,
      });
      return promptIds.filter((id) => !gone.includes(id));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.log("debug", `Cannot remove prompts that were given up: ${why}`, { server });
      return promptIds;
    }
  }
}

/** Resolves after a time, or as soon as the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", end);
  return promise.finally(() => signal.removeEventListener("abort", end));
}

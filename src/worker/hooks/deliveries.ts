/** Tells webhooks what the outbox holds, again and again until each was told or is given up. */

import { messageOf } from "../../errors.ts";
import { type Logger, silentLogger } from "../../log.ts";
import type { Webhook } from "../../protocol/mod.ts";
import type { Delivery, DeliveryResult, Job, Outbox } from "../../queue/mod.ts";
import { redactHook } from "../../redact.ts";
import type { Poster, PostResult } from "../../webhooks/mod.ts";
import { createWakeUp } from "../wake_up.ts";
import { deliveriesOf } from "./endings.ts";

/** What the deliveries work with. */
export interface DeliveriesOptions {
  /** Keeps them. */
  readonly outbox: Outbox;
  /** Makes one try. */
  readonly post: Poster;
  /** The operator's own webhook. */
  readonly own: Webhook | undefined;
  /** Hears how each try ended. */
  readonly onTry?: (outcome: DeliveryResult["type"]) => void;
  /** Takes log lines. */
  readonly logger?: Logger;
  /** Clock, Unix milliseconds. @default {Date.now} */
  readonly now?: () => number;
  /** Pauses after the first, second … failed try, in milliseconds. @default {5 s to 12 h} */
  readonly pausesMs?: readonly number[];
  /** Pause before an outbox that cannot be used is asked again, in milliseconds. @default {1000} */
  readonly againMs?: number;
}

/** Tells webhooks; disposing of it ends what is under way, which is told again at the next start. */
export interface Deliveries extends AsyncDisposable {
  /** Stores what is to be told of a job that has ended. */
  note(job: Job): Promise<void>;
  /** Looks at the outbox again. */
  wake(): void;
}

/** More than a day in all, so that a receiver may be away for a night. */
const PAUSES_MS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200]
  .map((seconds) => seconds * 1_000);

/** Deliveries under way at once, and to one host: one that hangs holds up no others. */
const MOST = { inAll: 16, toHost: 4 };

/** How long one that was taken is not given out again; longer than a try takes. */
const LEASE_MS = 60_000;

/** Longest time between two looks: another worker may have put something, and died. */
const LOOK_MS = 10_000;

/** Endings that could not be stored, and are tried again; the rest is told at the next start. */
const MOST_UNSTORED = 1_000;

/** Begins to tell. */
export function startDeliveries(options: DeliveriesOptions): Deliveries {
  return new HookDeliveries(options);
}

class HookDeliveries implements Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #wakeUp = createWakeUp();
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<Promise<void>, string>();
  /** By their ids: who hands one over tries again, too. */
  readonly #unstored = new Map<string, Job>();
  readonly #loop: Promise<void>;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#now = options.now ?? Date.now;
    this.#loop = this.#run();
  }

  wake(): void {
    this.#wakeUp.wake();
  }

  async note(job: Job): Promise<void> {
    try {
      await this.#store(job);
    } catch (error) {
      if (this.#unstored.size < MOST_UNSTORED) this.#unstored.set(job.id, job);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    await Promise.all(this.#underWay.keys());
  }

  async #store(job: Job): Promise<void> {
    const deliveries = await deliveriesOf(job, this.#options.own);
    if (deliveries.length === 0) return;
    await this.#options.outbox.put(deliveries);
    this.wake();
  }

  async #run(): Promise<void> {
    const { outbox, againMs = 1_000 } = this.#options;
    const { signal } = this.#stopping;
    let isAway = false;
    while (!signal.aborted) {
      try {
        await this.#storeAgain();
        while (!signal.aborted && await this.#startOne());
        isAway = false;
        if (signal.aborted) return;
        const nextAtMs = await outbox.nextAtMs();
        // What is due but has no room is looked at when something has ended.
        const restMs = nextAtMs === undefined || nextAtMs <= this.#now()
          ? LOOK_MS
          : Math.min(nextAtMs - this.#now(), LOOK_MS);
        await this.#wakeUp.wait(restMs);
      } catch (error) {
        if (!isAway) {
          this.#logger.log("error", `Cannot use the outbox of webhooks: ${messageOf(error)}`);
        }
        isAway = true;
        if (!signal.aborted) await this.#wakeUp.wait(againMs);
      }
    }
  }

  async #storeAgain(): Promise<void> {
    for (const [id, job] of this.#unstored) {
      await this.#store(job);
      this.#unstored.delete(id);
    }
  }

  /** Starts one try, if one is due and there is room for it. */
  async #startOne(): Promise<boolean> {
    if (this.#underWay.size >= MOST.inAll) return false;
    const hosts = [...this.#underWay.values()];
    const exceptHosts = [...new Set(hosts)].filter((host) => {
      return hosts.filter((other) => other === host).length >= MOST.toHost;
    });
    const delivery = await this.#options.outbox.take({ leaseMs: LEASE_MS, exceptHosts });
    if (delivery === undefined) return false;
    const trying = this.#try(delivery).finally(() => {
      this.#underWay.delete(trying);
      this.wake();
    });
    this.#underWay.set(trying, delivery.host);
    return true;
  }

  async #try(delivery: Delivery): Promise<void> {
    const { signal } = this.#stopping;
    const facts = { jobId: delivery.jobId, webhook: redactHook(delivery.url) };
    try {
      const posted = await this.#options.post(delivery, signal);
      const result = posted.type === "failed" && signal.aborted
        ? { ...posted, delayMs: 0 }
        : this.#resultOf(posted, delivery.attempts);
      await this.#options.outbox.settle(delivery.id, result);
      this.#options.onTry?.(result.type);
      if (result.type === "delivered") this.#logger.log("debug", "Told a webhook", facts);
      else {
        const isDead = result.type === "dead";
        const what = isDead ? "Gave up telling a webhook" : "Cannot tell a webhook yet";
        this.#logger.log(isDead ? "error" : "warn", `${what}: ${result.error}`, facts);
      }
    } catch (error) {
      // Nobody knows what became of it: it is told again when its lease is over.
      this.#logger.log("error", `Cannot note what a webhook was told: ${messageOf(error)}`, facts);
    }
  }

  #resultOf(posted: PostResult, attempts: number): DeliveryResult {
    if (posted.type === "delivered") return posted;
    const { error, isFinal, pauseMs = 0 } = posted;
    const { pausesMs = PAUSES_MS } = this.#options;
    const usual = pausesMs[attempts - 1];
    if (isFinal || usual === undefined) return { type: "dead", error };
    // Not all at once, if many failed together.
    const spread = usual * (0.8 + 0.4 * Math.random());
    return { type: "failed", error, delayMs: Math.max(spread, pauseMs) };
  }
}

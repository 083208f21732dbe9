/** The outbox on SQLite. */

import {
  type Delivery,
  deliveryOf,
  type DeliveryQuery,
  type DeliveryResult,
  type DeliveryState,
  MAX_DELIVERY_PAUSE_MS,
  type NewDelivery,
  type Outbox,
} from "../outbox.ts";
import { MAX_COUNT } from "../row.ts";
import type { SqliteStore } from "./store.ts";

const PUT = `
  INSERT INTO deliveries (id, job_id, url, host, body, created_at_ms, next_at_ms)
  VALUES (:id, :job_id, :url, :host, :body, :now, :now) ON CONFLICT (id) DO NOTHING`;

const DUE_ROW = `
  SELECT rowid FROM deliveries
  WHERE state = 'waiting' AND next_at_ms NOT BETWEEN :now + 1 AND :now + ${MAX_DELIVERY_PAUSE_MS}
    AND host NOT IN (SELECT value FROM json_each(:hosts))
  ORDER BY next_at_ms LIMIT 1`;

/** Whatever its name: one that is damaged must not stay the next one. */
const TAKE = `
  UPDATE deliveries SET attempts = min(attempts, ${MAX_COUNT - 1}) + 1, next_at_ms = :until
  WHERE rowid = (${DUE_ROW}) RETURNING *`;

const SETTLE = `
  UPDATE deliveries SET state = :state, error = :error, next_at_ms = :next WHERE id = :id`;

const REVIVE = `
  UPDATE deliveries SET state = 'waiting', attempts = 0, next_at_ms = :now
  WHERE id = :id AND state = 'dead'`;

const NEXT_AT = `SELECT min(next_at_ms) AS at FROM deliveries WHERE state = 'waiting'`;

const LIST = `
  SELECT * FROM deliveries WHERE :state IS NULL OR state = :state ORDER BY rowid DESC LIMIT :limit`;

const COUNT = `SELECT count(*) AS n FROM deliveries WHERE state = :state`;

/** Whether there is anything to be removed: jobs that ended, or deliveries that were settled, long ago. */
export const IS_OLD = `
  SELECT 1 FROM jobs WHERE finished_at_ms < :before UNION ALL
  SELECT 1 FROM deliveries WHERE state IN ('delivered', 'dead') AND next_at_ms < :before LIMIT 1`;

/** Removes those that were settled long ago: until then they are known when they are put again. */
export const PRUNE_DELIVERIES = `
  DELETE FROM deliveries WHERE rowid IN (
    SELECT rowid FROM deliveries
    WHERE state IN ('delivered', 'dead') AND next_at_ms < :before LIMIT :limit)`;

/** Keeps deliveries in the queue's file. */
export class SqliteOutbox implements Outbox {
  readonly #store: SqliteStore;
  readonly #now: () => number;

  /** Works on the store of a queue. */
  constructor(store: SqliteStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  put(deliveries: readonly NewDelivery[]): Promise<void> {
    return this.#store.write("keep what is to be told", () => {
      for (const { id, jobId, url, host, body } of deliveries) {
        this.#store.run(PUT, { id, job_id: jobId, url, host, body, now: this.#now() });
      }
    });
  }

  take(
    { leaseMs, exceptHosts }: { leaseMs: number; exceptHosts: readonly string[] },
  ): Promise<Delivery | undefined> {
    const values = { now: this.#now(), hosts: JSON.stringify(exceptHosts) };
    const condition = { finds: DUE_ROW, values, otherwise: undefined };
    return this.#store.writeIf<Delivery | undefined>("take what is to be told", condition, () => {
      const [row] = this.#store.storedRows(TAKE, { ...values, until: this.#now() + leaseMs });
      return row && deliveryOf(row);
    });
  }

  settle(id: string, result: DeliveryResult): Promise<void> {
    return this.#store.write("note what was told", () => {
      const state: DeliveryState = result.type === "failed" ? "waiting" : result.type;
      const delayMs = result.type === "failed" ? result.delayMs : 0;
      const error = result.type === "delivered" ? null : result.error;
      this.#store.run(SETTLE, { id, state, error, next: this.#now() + Math.round(delayMs) });
    });
  }

  revive(id: string): Promise<boolean> {
    return this.#store.write("tell again", () => {
      return this.#store.run(REVIVE, { id, now: this.#now() }) === 1;
    });
  }

  nextAtMs(): Promise<number | undefined> {
    return this.#store.read(() => this.#store.number(NEXT_AT));
  }

  list({ state, limit }: DeliveryQuery): Promise<readonly Delivery[]> {
    return this.#store.read(() => {
      return this.#store.storedRows(LIST, { state: state ?? null, limit }).map(deliveryOf);
    });
  }

  counts(): Promise<{ waiting: number; dead: number }> {
    const count = (state: DeliveryState) => this.#store.count(COUNT, { state });
    return this.#store.read(() => ({ waiting: count("waiting"), dead: count("dead") }));
  }
}

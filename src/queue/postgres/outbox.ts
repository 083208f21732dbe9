/** The outbox on PostgreSQL: each delivery is taken by one worker of those that share it. */

import {
  type Delivery,
  deliveryOf,
  type DeliveryQuery,
  type DeliveryResult,
  MAX_DELIVERY_PAUSE_MS,
  type NewDelivery,
  type Outbox,
} from "../outbox.ts";
import type { PostgresClient } from "./client.ts";
import { MAX_COUNT } from "../row.ts";
import { plainText } from "./id.ts";
import { NOW } from "./statements.ts";

const PUT = `
  INSERT INTO deliveries (id, job_id, url, host, body, created_at_ms, next_at_ms)
  SELECT id, job_id, url, host, body, ${NOW}, ${NOW}
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS g (id, job_id, url, host, body)
  ON CONFLICT (id) DO NOTHING RETURNING seq`;

const TAKE = `
  WITH due AS (
    SELECT seq FROM deliveries
    WHERE state = 'waiting' AND host <> ALL($2::text[])
      AND next_at_ms NOT BETWEEN ${NOW} + 1 AND ${NOW} + ${MAX_DELIVERY_PAUSE_MS}
    ORDER BY next_at_ms LIMIT 1 FOR UPDATE SKIP LOCKED)
  UPDATE deliveries SET attempts = least(attempts, ${
  MAX_COUNT - 1
}) + 1, next_at_ms = ${NOW} + $3::bigint
  FROM due WHERE deliveries.seq = due.seq RETURNING deliveries.*`;

const SETTLE = `
  UPDATE deliveries SET state = $3::text, error = $4::text, next_at_ms = ${NOW} + $5::bigint
  WHERE id = $2::text RETURNING seq`;

const REVIVE = `
  UPDATE deliveries SET state = 'waiting', attempts = 0, next_at_ms = ${NOW}
  WHERE id = $2::text AND state = 'dead' RETURNING seq`;

const NEXT_AT = `SELECT min(next_at_ms) AS n FROM deliveries WHERE state = 'waiting'`;

const LIST = `
  SELECT * FROM deliveries WHERE $1::text IS NULL OR state = $1::text ORDER BY seq DESC LIMIT $2`;

const COUNTS = `
  SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting') AS waiting,
    (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead`;

/** Removes those that were settled long ago: until then they are known when they are put again. */
export const PRUNE_DELIVERIES = `
  DELETE FROM deliveries WHERE seq IN (
    SELECT seq FROM deliveries WHERE state <> 'waiting' AND next_at_ms < $1::bigint LIMIT $2::bigint)`;

/** Reads deliveries, the newest first. */
export async function listDeliveries(
  client: PostgresClient,
  { state, limit }: DeliveryQuery,
): Promise<readonly Delivery[]> {
  return (await client.rows("read the outbox", LIST, [state ?? null, limit])).map(deliveryOf);
}

/** Keeps deliveries in the queue's schema. */
export class PostgresOutbox implements Outbox {
  readonly #client: PostgresClient;
  readonly #clock: () => number | null;

  /** Works with the connections of a queue. */
  constructor(client: PostgresClient, clock: () => number | null) {
    this.#client = client;
    this.#clock = clock;
  }

  async put(deliveries: readonly NewDelivery[]): Promise<void> {
    await this.#client.rows("keep what is to be told", PUT, [
      this.#clock(),
      deliveries.map(({ id }) => id),
      deliveries.map(({ jobId }) => plainText(jobId)),
      deliveries.map(({ url }) => url),
      deliveries.map(({ host }) => host),
      deliveries.map(({ body }) => body),
    ]);
  }

  async take(
    { leaseMs, exceptHosts }: { leaseMs: number; exceptHosts: readonly string[] },
  ): Promise<Delivery | undefined> {
    const values = [this.#clock(), [...exceptHosts], leaseMs];
    const row = await this.#client.row("take what is to be told", TAKE, values);
    return row === undefined ? undefined : deliveryOf(row);
  }

  async settle(id: string, result: DeliveryResult): Promise<void> {
    await this.#client.rows("note what was told", SETTLE, [
      this.#clock(),
      id,
      result.type === "failed" ? "waiting" : result.type,
      result.type === "delivered" ? null : plainText(result.error),
      result.type === "failed" ? Math.round(result.delayMs) : 0,
    ]);
  }

  async revive(id: string): Promise<boolean> {
    const values = [this.#clock(), plainText(id)];
    return await this.#client.row("tell again", REVIVE, values) !== undefined;
  }

  async nextAtMs(): Promise<number | undefined> {
    const n = (await this.#client.row("read the outbox", NEXT_AT))?.["n"];
    return n === null || n === undefined ? undefined : Number(n);
  }

  list(query: DeliveryQuery): Promise<readonly Delivery[]> {
    return listDeliveries(this.#client, query);
  }

  async counts(): Promise<{ waiting: number; dead: number }> {
    const row = await this.#client.row("read the outbox", COUNTS);
    return { waiting: Number(row?.["waiting"]), dead: Number(row?.["dead"]) };
  }
}

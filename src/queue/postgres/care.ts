/** Looking at a queue on PostgreSQL from outside of any worker. */

import type { Delivery } from "../outbox.ts";
import { readPostgresUrl } from "./address.ts";
import { PostgresClient } from "./client.ts";
import { listDeliveries } from "./outbox.ts";

/**
 * What webhooks were not told, newest first; may be used while workers run.
 *
 * @throws {ConfigError} `invalid_value` if it is no such URL.
 * @throws {JobError} `unavailable` if the database is away, or holds no queue of this version.
 */
export async function deadDeliveriesAt(url: string, limit: number): Promise<readonly Delivery[]> {
  const client = new PostgresClient(readPostgresUrl(url), {
    name: "dgx-pixels cli",
    connections: 1,
  });
  try {
    return await listDeliveries(client, { state: "dead", limit });
  } finally {
    await client.close();
  }
}

import assert from "node:assert/strict";
import { readPostgresUrl } from "../../../src/queue/postgres/address.ts";
import { PostgresClient } from "../../../src/queue/postgres/client.ts";
import { Identity } from "../../../src/queue/postgres/identity.ts";
import { migrate } from "../../../src/queue/postgres/migrations/mod.ts";
import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { startCluster } from "../../support/postgres.ts";

const cluster = await startCluster();

/** A message of the server: a letter, a length, and fields that end with 0. */
function errorResponse(text: string): Uint8Array<ArrayBuffer> {
  const fields = new TextEncoder().encode(`SERROR\0C08P01\0M${text}\0\0`);
  const message = new Uint8Array(5 + fields.length);
  message[0] = "E".charCodeAt(0);
  new DataView(message.buffer).setUint32(1, 4 + fields.length);
  message.set(fields, 5);
  return message;
}

Deno.test("PostgreSQL: a pooler that lets no settings pass is told which there are", async () => {
  using pooler = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of pooler) {
      await connection.read(new Uint8Array(1_024));
      await connection.write(errorResponse("unsupported startup parameter: search_path"));
      connection.close();
    }
  })();
  const url = `postgres://pixels@127.0.0.1:${pooler.addr.port}/x?sslmode=disable`;
  await assert.rejects(openPostgresQueue({ url, worker: "a" }), {
    code: "unwritable",
    message: /pool_mode = session and ignore_startup_parameters = search_path,.*statement_timeout/,
  });
  pooler.close();
  await serving;
});

Deno.test("PostgreSQL: a pooler that drops the schema's name is told of, and nothing is made elsewhere", async () => {
  const ran: string[] = [];
  const client = {
    transaction: (_action: string, operation: (run: (text: string) => unknown) => unknown) =>
      operation((text) => {
        ran.push(text);
        return [{ encoding: "UTF8", path: '"$user", public', role: "pixels" }];
      }),
  };
  await assert.rejects(migrate(client as unknown as PostgresClient, "own"), {
    code: "invalid_value",
    message: /ALTER ROLE pixels SET search_path = own/,
  });
  assert.deepEqual(ran.filter((text) => text.includes("CREATE")), []);
});

if (cluster !== undefined) {
  Deno.test("PostgreSQL: a name is not held in a session that others use, too", async () => {
    const address = readPostgresUrl(cluster.url("pooled"));
    cluster.sql("CREATE SCHEMA pooled");
    const holder = "FROM pg_stat_activity WHERE application_name = 'dgx-pixels a (name)'";
    // As a pooler would have it: both are one process.
    const client = {
      row: () => Promise.resolve({ pid: Number(cluster.sql(`SELECT pid ${holder}`)) }),
    };
    const others = { changed() {}, cameBack() {}, count: 0 };
    const options = { address, name: "a", others };
    const pooled = Identity.take({ ...options, client: client as unknown as PostgresClient });
    await assert.rejects(pooled, { code: "invalid_value", message: /pool_mode = session/ });
    const own = new PostgresClient(address, { name: "test" });
    const identity = await Identity.take({ ...options, client: own });
    await identity.close();
    await own.close();
  });
}

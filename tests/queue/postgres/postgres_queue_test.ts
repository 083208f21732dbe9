import { openPostgresQueue } from "../../../src/queue/postgres/postgres_queue.ts";
import { startCluster } from "../../support/postgres.ts";
import { testJobQueue } from "../conformance/mod.ts";

const cluster = await startCluster();
let schemas = 0;

if (cluster !== undefined) {
  testJobQueue(
    "PostgreSQL",
    ({ dir: _dir, ...options }) =>
      openPostgresQueue({ ...options, url: cluster.url(`suite_${schemas += 1}`), worker: "one" }),
  );
}

import { openSqliteQueue } from "../../src/queue/mod.ts";
import { generateRequest } from "../support/requests.ts";

const dir = Deno.makeTempDirSync();
const queue = openSqliteQueue({ path: `${dir}/queue.db`, maxQueued: Infinity });
let next = 0;

Deno.bench({ name: "store a job, synced", group: "queue", baseline: true }, async () => {
  await queue.enqueue(generateRequest({ id: `job-${next++}` }));
});

Deno.bench({ name: "store, claim and settle a job, each synced", group: "queue" }, async () => {
  await queue.enqueue(generateRequest({ id: `job-${next++}` }));
  const lease = await queue.claim({ server: "one", clientId: "c", leaseMs: 10_000 });
  if (lease === undefined) throw new Error("Nothing to claim");
  await queue.settle(lease, { type: "cancelled" });
});

globalThis.addEventListener("unload", () => {
  queue.close();
  Deno.removeSync(dir, { recursive: true });
});

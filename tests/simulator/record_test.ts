import { deepEqual, equal } from "node:assert/strict";
import { EventLog } from "../../src/simulator/record.ts";

Deno.test("EventLog drops old entries of a long life, but counts on", async () => {
  const log = new EventLog();
  for (let index = 0; index < 25_000; index++) {
    log.emit({ type: "dequeued", promptId: String(index) });
  }
  equal(log.total, 25_000);
  equal(log.events.length <= 10_000, true);
  deepEqual(log.events.at(-1), { type: "dequeued", promptId: "24999" });
  const later = await log.when("dequeued", undefined, { since: 24_000 });
  equal(later.promptId, "24000");
});

Deno.test("EventLog.when() wakes everybody whom an event concerns, and nobody else", async () => {
  const log = new EventLog();
  const first = log.when("dequeued", ({ promptId }) => promptId === "b");
  const second = log.when("dequeued", ({ promptId }) => promptId === "b");
  const woken: string[] = [];
  const other = log.when("dequeued", ({ promptId }) => promptId === "c").then(() =>
    woken.push("c")
  );
  log.emit({ type: "dequeued", promptId: "a" });
  log.emit({ type: "dequeued", promptId: "b" });
  equal(await first, await second);
  deepEqual(woken, []);
  log.emit({ type: "dequeued", promptId: "c" });
  await other;
});

Deno.test("EventLog notes nodes and outcome with the latest execution of a prompt", () => {
  const log = new EventLog();
  const promptId = "p";
  for (const outcome of ["error", "success"] as const) {
    log.emit({ type: "execution_start", promptId });
    log.emit({ type: "node_start", promptId, nodeId: outcome, nodeClass: "X" });
    log.emit({ type: "execution_end", promptId, outcome });
  }
  deepEqual(log.executionsOf("p"), [
    { promptId, nodes: ["error"], outcome: "error" },
    { promptId, nodes: ["success"], outcome: "success" },
  ]);
});

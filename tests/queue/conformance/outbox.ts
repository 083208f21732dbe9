/** What every job queue promises, whatever stands behind it: what is to be told waits in its outbox. */

import assert from "node:assert/strict";
import type { NewDelivery, Outbox } from "../../../src/queue/mod.ts";
import type { RegisterTest } from "../setup.ts";

const LEASE_MS = 60_000;

function delivery(id: string, fields: Partial<NewDelivery> = {}): NewDelivery {
  const url = "https://hooks.example.org/x?y=ü'\"";
  return { id, jobId: `jöb ${id}`, url, host: "hooks.example.org:443", body: "{}", ...fields };
}

function take(outbox: Outbox, exceptHosts: string[] = []) {
  return outbox.take({ leaseMs: LEASE_MS, exceptHosts });
}

/** Registers the tests. */
export function testOutbox(test: RegisterTest): void {
  test("gives out what is to be told once, oldest first, as it was put", async ({ queue, clock }) => {
    const { outbox } = queue;
    assert.equal(await take(outbox), undefined);
    assert.equal(await outbox.nextAtMs(), undefined);
    await outbox.put([delivery("a")]);
    clock.advance(1);
    await outbox.put([delivery("b")]);
    const { state, attempts, error, createdAtMs: _at, nextAtMs: _next, ...put } = await take(
      outbox,
    ) ?? assert.fail();
    assert.deepEqual(put, delivery("a"));
    assert.deepEqual([state, attempts, error], ["waiting", 1, undefined]);
    assert.equal((await take(outbox))?.id, "b");
    assert.equal(await take(outbox), undefined);
  });

  test("tells what was put twice once, even after it was told", async ({ queue: { outbox } }) => {
    await outbox.put([delivery("a"), delivery("a")]);
    await outbox.put([delivery("a", { body: "other" })]);
    assert.equal((await take(outbox))?.body, "{}");
    await outbox.settle("a", { type: "delivered" });
    await outbox.put([delivery("a")]);
    assert.equal(await take(outbox), undefined);
    assert.deepEqual(await outbox.counts(), { waiting: 0, dead: 0 });
  });

  test("gives out again what nobody settled, once the lease is over", async ({ queue, clock }) => {
    await queue.outbox.put([delivery("a")]);
    await take(queue.outbox);
    clock.advance(LEASE_MS - 1);
    assert.equal(await take(queue.outbox), undefined);
    clock.advance(1);
    assert.equal((await take(queue.outbox))?.attempts, 2);
  });

  test("waits before a failed delivery is tried again, and tells until when", async (setup) => {
    const { queue: { outbox }, clock } = setup;
    await outbox.put([delivery("a")]);
    await take(outbox);
    await outbox.settle("a", { type: "failed", error: "no answer", delayMs: 5_000.4 });
    assert.equal(await outbox.nextAtMs(), clock.now() + 5_000);
    assert.equal(await take(outbox), undefined);
    clock.advance(5_000);
    assert.equal((await take(outbox))?.error, "no answer");
  });

  test("passes over hosts that have enough to do", async ({ queue: { outbox } }) => {
    await outbox.put([delivery("a"), delivery("b", { host: "other:80" })]);
    assert.equal((await take(outbox, ["hooks.example.org:443"]))?.id, "b");
    assert.equal(await take(outbox, ["hooks.example.org:443"]), undefined);
    assert.equal((await take(outbox, ["other:80"]))?.id, "a");
  });

  test("lists what was given up, newest first, and tries it again when told to", async (setup) => {
    const { outbox } = setup.queue;
    await outbox.put([delivery("a"), delivery("b")]);
    for (const id of ["a", "b"]) await outbox.settle(id, { type: "dead", error: "HTTP 410" });
    assert.deepEqual(await outbox.counts(), { waiting: 0, dead: 2 });
    const dead = await outbox.list({ state: "dead", limit: 1 });
    assert.deepEqual(dead.map(({ id, error }) => [id, error]), [["b", "HTTP 410"]]);
    assert.equal(await outbox.revive("b"), true);
    assert.equal(await outbox.revive("b"), false);
    assert.equal(await outbox.revive("no\0such"), false);
    assert.equal((await take(outbox))?.attempts, 1);
    assert.equal((await outbox.list({ limit: 10 })).length, 2);
  });

  test("takes a delivery that is due in a day or more for due: the clock was set back", async (setup) => {
    const { queue: { outbox }, clock } = setup;
    await outbox.put([delivery("a")]);
    clock.advance(-2 * 86_400_000);
    assert.equal((await take(outbox))?.id, "a");
  });

  test("forgets old deliveries that were settled, and none that waits", async (setup) => {
    const { queue, clock } = setup;
    await queue.outbox.put([delivery("told"), delivery("dead"), delivery("waiting")]);
    await queue.outbox.settle("told", { type: "delivered" });
    await queue.outbox.settle("dead", { type: "dead", error: "x" });
    clock.advance(1_000);
    await queue.prune(clock.now(), 10);
    assert.deepEqual((await queue.outbox.list({ limit: 10 })).map(({ id }) => id), ["waiting"]);
  });
}

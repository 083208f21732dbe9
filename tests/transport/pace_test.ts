import assert from "node:assert/strict";
import { FairQueue } from "../../src/transport/fair_queue.ts";
import { Credit, INTERVAL_MS, Pace, PORTION, SLACK_MS } from "../../src/transport/pace.ts";

/** More than anybody may have without keeping the pace. */
const MANY = 1_000;

/** A queue in which some have many requests waiting. */
function flooded(...names: string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (let index = 0; index < MANY; index++) {
    for (const name of names) queue.push(name, name, 1, 0);
  }
  return queue;
}

/** Serves in steps of 10 µs, each of which takes one request; tells who was served when. */
function serve(queue: FairQueue<string>, fromMs: number, toMs: number): [number, string][] {
  const served: [number, string][] = [];
  for (let step = Math.round(fromMs * 100); step < toMs * 100; step++) {
    const name = queue.shift(step / 100, true);
    if (name !== undefined) {
      served.push([step / 100, name]);
      queue.charge(name, 0.01, step / 100);
    }
  }
  return served;
}

Deno.test("FairQueue serves those who ask far ahead at one pace together, in portions of one", () => {
  const names = Array.from({ length: 8 }, (_, index) => `flood ${index}`);
  const rounds = 5;
  const served = serve(flooded(...names), 0, names.length * rounds * INTERVAL_MS);
  // Nobody kept the pace before the first portion, so the others come sooner.
  assert.equal(served.length, (names.length * rounds + 1) * PORTION);
  for (let at = 0; at < served.length; at += PORTION) {
    const portion = served.slice(at, at + PORTION);
    assert.equal(new Set(portion.map(([, name]) => name)).size, 1, `${portion}`);
    assert.ok(portion.at(-1)![0] - portion[0]![0] < PORTION * 0.0125);
    const before = served[at - PORTION];
    if (at <= PORTION || before === undefined) continue;
    assert.ok(Math.abs(portion[0]![0] - before[0] - INTERVAL_MS) < 0.02);
  }
  for (const name of names) {
    const count = served.filter(([, other]) => other === name).length;
    assert.ok(Math.abs(count - rounds * PORTION) <= PORTION, `${name} had ${count}`);
  }
});

Deno.test("FairQueue serves one that asks little at once, also within a portion", () => {
  const queue = flooded("flood");
  for (const atMs of [0.03, 0.3, 5, 6.42, 6.43, 12.81]) {
    serve(queue, atMs - 0.02, atMs);
    queue.push("polite", "polite", 1, atMs);
    assert.equal(queue.waitMs(atMs), 0);
    assert.equal(queue.shift(atMs, true), "polite");
  }
});

Deno.test("FairQueue tells how long the next has to wait", () => {
  const queue = flooded("flood");
  assert.equal(queue.waitMs(0), 0);
  for (let count = 0; count < PORTION; count++) assert.equal(queue.shift(0, true), "flood");
  assert.equal(queue.shift(0, true), undefined);
  // Nobody kept the pace before, so the second portion comes sooner.
  const second = INTERVAL_MS - SLACK_MS;
  assert.ok(Math.abs(queue.waitMs(0) - second) < 1e-9);
  assert.ok(Math.abs(queue.waitMs(0.5) - (second - 0.5)) < 1e-9);
  assert.equal(queue.shift(second - 0.1, true), undefined);
  for (let count = 0; count < PORTION; count++) assert.equal(queue.shift(second, true), "flood");
  assert.ok(Math.abs(queue.waitMs(second + 0.2) - (INTERVAL_MS - 0.2)) < 1e-9);
});

Deno.test("FairQueue has heavy requests wait four times as long as they take", () => {
  const queue = flooded("flood");
  let [nowMs, served] = [0, 0];
  while (nowMs < 1_000) {
    nowMs += queue.waitMs(nowMs);
    assert.equal(queue.shift(nowMs, true), "flood");
    queue.charge("flood", 0.5, nowMs += 0.5);
    served += 1;
  }
  assert.ok(served > 450 && served < 550, `${served}`);
  // One that took very long does not have the others wait for ever.
  queue.charge("flood", 10_000, nowMs);
  assert.ok(queue.waitMs(nowMs) < 30);
});

Deno.test("FairQueue has nobody keep the pace who is alone", () => {
  const queue = flooded("flood");
  for (let count = 0; count < MANY; count++) assert.equal(queue.shift(0), "flood");
  assert.ok(queue.isEmpty);
});

Deno.test("FairQueue has nobody keep the pace who asks one thing after the other, or for once a lot", () => {
  const queue = new FairQueue<string>();
  const names = Array.from({ length: 16 }, (_, index) => `${index}`);
  for (let round = 0; round < 2_000; round++) {
    for (const name of names) queue.push(name, name, 1, 0);
    for (const _ of names) assert.ok(queue.shift(0, true));
  }
  for (let atMs = 0; atMs < 60_000; atMs += 6_000) {
    for (let index = 0; index < 500; index++) queue.push("burst", "burst", 1, atMs);
    for (let index = 0; index < 500; index++) assert.equal(queue.shift(atMs, true), "burst");
  }
});

Deno.test("FairQueue has who keeps the pace do so until nothing of it waits", () => {
  const queue = new FairQueue<string>();
  for (let index = 0; index < 520; index++) queue.push("flood", "flood", 1, 0);
  // Only the last few were too many, yet the others do not get it through.
  assert.equal(serve(queue, 0, 5 * INTERVAL_MS).length, 6 * PORTION);
  assert.equal(serve(queue, 5 * INTERVAL_MS, 40 * INTERVAL_MS).length, 520 - 6 * PORTION);
  assert.ok(queue.isEmpty);
  const laterMs = 40 * INTERVAL_MS;
  for (let index = 0; index < 4; index++) queue.push("flood", "flood", 1, laterMs);
  assert.equal(serve(queue, laterMs, laterMs + 0.1).length, 4);
});

Deno.test("FairQueue serves those who keep the pace also where others never stop asking", () => {
  const queue = flooded("flood");
  const served: string[] = [];
  const busy = ["a", "b", "c", "d"];
  for (const name of busy) queue.push(name, name, 1, 0);
  for (let step = 0; step < 10_000; step++) {
    const name = queue.shift(step / 100, true)!;
    queue.charge(name, 0.01, step / 100);
    served.push(name);
    // They ask again as soon as they are answered, and take all the time there is.
    if (busy.includes(name)) queue.push(name, name, 1, step / 100);
  }
  const floods = served.filter((name) => name === "flood").length;
  const most = (100 / INTERVAL_MS + 1) * PORTION;
  assert.ok(floods > most * 0.4 && floods <= most, `${floods}`);
});

Deno.test("FairQueue answers everybody, paced or not, whatever comes when", () => {
  const queue = new FairQueue<string>();
  let [waiting, seed, nowMs] = [0, 1, 0];
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  for (let step = 0; step < 100_000; step++) {
    nowMs += random() * 0.05;
    const name = `${Math.floor(random() ** 2 * 12)}`;
    if (random() < 0.4) {
      queue.push(name, name, 1, nowMs);
      waiting += 1;
    } else if (queue.shift(nowMs, random() < 0.9) !== undefined) {
      queue.charge(name, random() * 0.1, nowMs);
      waiting -= 1;
    } else {
      assert.ok(waiting === 0 || queue.waitMs(nowMs) > 0);
    }
    assert.equal(queue.size, waiting);
  }
  while (!queue.isEmpty) {
    nowMs += queue.waitMs(nowMs);
    assert.notEqual(queue.shift(nowMs, true), undefined);
  }
});

Deno.test("Pace does not make up for what could not be served for long", () => {
  const pace = new Pace<{ isPaced: boolean }>();
  const owner = { isPaced: true };
  const serveAt = (nowMs: number) => {
    for (let count = 0; count < PORTION; count++) pace.step(owner, nowMs);
  };
  serveAt(0);
  // A second late: one portion at once, and soon one more.
  serveAt(1_000);
  assert.ok(Math.abs(pace.waitMs(1_000) - (INTERVAL_MS - SLACK_MS)) < 1e-9);
  serveAt(1_001);
  assert.ok(Math.abs(pace.waitMs(1_001) - (2 * INTERVAL_MS - SLACK_MS - 1)) < 1e-9);
  owner.isPaced = false;
  assert.equal(pace.owner, undefined);
});

Deno.test("Credit comes back with time, never beyond what it was", () => {
  const credit = new Credit(0);
  const spendAll = (nowMs: number) => {
    let count = 0;
    while (credit.spend(nowMs)) count += 1;
    return count;
  };
  assert.equal(spendAll(0), 512);
  assert.equal(spendAll(1_000), 100);
  assert.equal(spendAll(3_600_000), 512);
});

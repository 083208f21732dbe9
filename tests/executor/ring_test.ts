import assert from "node:assert/strict";
import { Pace } from "../../src/executor/pace.ts";
import {
  createRing,
  type ProgressMessage,
  RingReader,
  RingWriter,
} from "../../src/executor/ring.ts";

/** Both ends, and what the host was told. */
function setup(memory = createRing()) {
  const told: unknown[] = [];
  const looks: (() => void)[] = [];
  let now = 0;
  let [wakes, senseless] = [0, 0];
  let woken = Promise.withResolvers<void>();
  // What waits for memory alone does not keep the test going.
  const going = setInterval(() => {}, 1_000);
  const pace = new Pace({
    now: () => now,
    every: (callback) => {
      looks.push(callback);
      return () => looks.splice(0);
    },
  });
  const reader = new RingReader(memory, {
    onWake: () => {
      wakes += 1;
      woken.resolve();
      woken = Promise.withResolvers();
    },
    take: (message) => told.push(message),
    onSenseless: () => {
      senseless += 1;
      reader[Symbol.dispose]();
    },
    pace,
  });
  return {
    memory,
    told,
    looks,
    reader,
    writer: new RingWriter(memory),
    counters: new Int32Array(memory, 0, 2),
    woken: () => woken.promise,
    pass: (ms: number) => void (now += ms),
    get wakes() {
      return wakes;
    },
    get senseless() {
      return senseless;
    },
    pace,
    [Symbol.dispose]: () => {
      clearInterval(going);
      reader[Symbol.dispose]();
    },
  };
}

function progress(run: number, step: number): ProgressMessage {
  const told = {
    stage: "sampling",
    step,
    total_steps: 2 ** 31 - 1,
    percent: 12.3,
    eta_s: 0.1,
  } as const;
  return { type: "event", run, event: { type: "progress", progress: told } };
}

Deno.test("A ring wakes its host, which gets what was written as it was", async () => {
  using ring = setup();
  const woken = ring.woken();
  const message = progress(Number.MAX_SAFE_INTEGER, 3);
  assert.equal(ring.writer.write([message, progress(2, 1)]), true);
  await woken;
  assert.deepEqual(ring.told, [message, progress(2, 1)]);
  const again = ring.woken();
  ring.pass(1_000);
  ring.writer.write([progress(2, 2)]);
  await again;
  assert.deepEqual(ring.told.slice(2), [progress(2, 2)]);
});

Deno.test("A ring keeps the order of what is in it and of messages", () => {
  using ring = setup();
  ring.writer.write([progress(1, 1)]);
  ring.writer.notePost();
  ring.writer.write([progress(1, 2)]);
  ring.writer.notePost();
  ring.writer.notePost();
  ring.writer.write([progress(1, 3)]);
  ring.reader.drain();
  assert.deepEqual(ring.told, [progress(1, 1)]);
  ring.reader.noteMessage();
  ring.reader.drain();
  ring.reader.noteMessage();
  ring.reader.drain();
  assert.deepEqual(ring.told, [progress(1, 1), progress(1, 2)]);
  ring.reader.noteMessage();
  ring.reader.drain();
  assert.deepEqual(ring.told, [1, 2, 3].map((step) => progress(1, step)));
});

Deno.test("A ring takes all or nothing, and goes round, past the largest number too", () => {
  using ring = setup();
  const many = (count: number) => Array.from({ length: count }, (_, step) => progress(1, step));
  assert.equal(ring.writer.write(many(257)), false);
  assert.equal(ring.writer.write(many(250)), true);
  assert.equal(ring.writer.write(many(7)), false);
  assert.equal(ring.writer.write(many(6)), true);
  assert.equal(ring.reader.drain(), 256);
  for (let round = 0; round < 10; round += 1) {
    ring.told.length = 0;
    assert.equal(ring.writer.write(many(100)), true);
    ring.reader.drain();
    assert.deepEqual(ring.told, many(100));
  }
});

Deno.test("A host looks by itself while much comes, and waits again when it does not", async () => {
  using ring = setup();
  for (let time = 0; time < 30; time += 1) {
    ring.pass(1);
    ring.pace.note(1);
  }
  const woken = ring.woken();
  ring.writer.write(Array.from({ length: 200 }, (_, step) => progress(1, step)));
  await woken;
  assert.deepEqual([ring.told.length, ring.wakes, ring.looks.length], [200, 1, 1]);
  ring.pass(5);
  ring.writer.write([progress(1, 200), progress(1, 201)]);
  ring.looks[0]?.();
  assert.deepEqual([ring.told.length, ring.wakes, ring.looks.length], [202, 2, 1]);
  ring.pass(5);
  ring.looks[0]?.();
  assert.deepEqual([ring.wakes, ring.looks.length], [3, 0]);
  const again = ring.woken();
  ring.pass(1_000);
  ring.writer.write([progress(1, 202)]);
  await again;
  assert.deepEqual(ring.told.at(-1), progress(1, 202));
});

Deno.test("A host that listens no more reads nothing more", async () => {
  using ring = setup();
  ring.reader[Symbol.dispose]();
  ring.writer.write([progress(1, 1)]);
  // Its own call, by which it notices.
  await Promise.resolve();
  assert.deepEqual([ring.reader.drain(), ring.told, ring.wakes], [0, [], 0]);
});

Deno.test("A host notices counters that cannot be", () => {
  for (const written of [257, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    using ring = setup();
    Atomics.store(ring.counters, 0, written);
    ring.reader.drain();
    assert.deepEqual([ring.senseless, ring.told], [1, []]);
  }
});

Deno.test("A host takes out of a ring what may be anything, to be checked like a message", () => {
  using ring = setup();
  new Float64Array(ring.memory, 8).set([0, NaN, 99, -1, Infinity, 1e300, NaN]);
  Atomics.store(ring.counters, 0, 1);
  ring.reader.drain();
  const nothing = { stage: undefined, step: -1, total_steps: Infinity, percent: 1e300, eta_s: NaN };
  assert.deepEqual(ring.told, [
    { type: "event", run: NaN, event: { type: "progress", progress: nothing } },
  ]);
});

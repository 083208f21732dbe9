import assert from "node:assert/strict";
import type { FromSandbox, RunEvent } from "../../src/executor/messages.ts";
import { createRing, RingReader } from "../../src/executor/ring.ts";
import { Outgoing } from "../../src/sandbox/outgoing.ts";

/** What was sent, each list by itself, and a clock by hand. */
function setup() {
  const sent: FromSandbox[][] = [];
  const turns: (() => void)[] = [];
  const timers = new Set<() => void>();
  const outgoing = new Outgoing((messages) => sent.push([...messages]), {
    afterTurn: (callback) => turns.push(callback),
    later: (callback) => void timers.add(callback),
  });
  return {
    outgoing,
    sent,
    timers,
    post: (...messages: FromSandbox[]) => {
      for (const message of messages) outgoing.post(message);
    },
    endTurn: () => {
      for (const callback of turns.splice(0)) callback();
    },
    wait: () => {
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
    },
  };
}

type Stage = Extract<RunEvent, { type: "progress" }>["progress"]["stage"];

function progress(run: number, step: number, percent: number, stage: Stage = "sampling") {
  const told = { stage, step, total_steps: 20, percent, eta_s: 1 };
  return { type: "event", run, event: { type: "progress", progress: told } } as const;
}

const LINE = { type: "log", level: "info", message: "x", fields: {} } as const;
const STARTED = { type: "event", run: 1, event: { type: "started", workflow: "w" } } as const;
const ENDED = { type: "ended", run: 1, outcome: { type: "cancelled" } } as const;

Deno.test("Outgoing tells what comes in one turn of the event loop together, in its order", () => {
  const { sent, post, endTurn } = setup();
  post(LINE, STARTED, progress(2, 1, 10), progress(1, 1, 5), progress(2, 2, 20));
  assert.deepEqual(sent, []);
  endTurn();
  assert.deepEqual(sent, [[
    LINE,
    STARTED,
    progress(2, 1, 10),
    progress(1, 1, 5),
    progress(2, 2, 20),
  ]]);
  endTurn();
  assert.equal(sent.length, 1);
});

Deno.test("Outgoing tells what others wait for at once, behind all that came before", () => {
  const now: FromSandbox[] = [
    ENDED,
    { type: "ready" },
    { type: "pong" },
    { type: "refused", code: "c", error: "e" },
    { type: "answer", call: 1, answer: true },
    { type: "failure", call: 1, code: "c", error: "e" },
    { type: "server", server: 0, state: "ready" },
    { ...LINE, level: "warn" },
    { ...LINE, level: "error" },
  ];
  for (const message of now) {
    const { sent, post, endTurn, wait } = setup();
    post(LINE, progress(1, 1, 5), message);
    assert.deepEqual(sent, [[LINE, progress(1, 1, 5), message]]);
    endTurn();
    wait();
    assert.equal(sent.length, 1);
  }
});

Deno.test("Outgoing keeps what tells of no step for the next message, but not for long", () => {
  const { sent, timers, post, endTurn, wait } = setup();
  post(LINE, progress(1, 0, 3, "encoding"));
  endTurn();
  assert.deepEqual([sent.length, timers.size], [0, 2]);
  wait();
  assert.deepEqual(sent, [[LINE, progress(1, 0, 3, "encoding")]]);
  post(progress(1, 0, 4, "encoding"), progress(1, 1, 5));
  endTurn();
  assert.deepEqual(sent[1], [progress(1, 0, 4, "encoding"), progress(1, 1, 5)]);
  post(LINE);
  assert.equal(timers.size, 2);
  wait();
  assert.deepEqual(sent[2], [LINE]);
  post(LINE);
  post(ENDED);
  wait();
  assert.deepEqual([sent.length, timers.size], [4, 0]);
});

Deno.test("Outgoing tells every step, and of each stage how it begins and ends", () => {
  const { sent, post, endTurn } = setup();
  post(
    progress(1, 0, 0, "initializing"),
    progress(1, 0, 1, "loading_models"),
    progress(2, 0, 0, "loading_models"),
    progress(1, 0, 2, "loading_models"),
    progress(1, 0, 3, "loading_models"),
    progress(2, 0, 4, "loading_models"),
    progress(1, 0, 4, "sampling"),
    progress(1, 1, 9, "sampling"),
    progress(1, 2, 18, "sampling"),
    progress(1, 2, 18, "decoding"),
    progress(1, 2, 19, "decoding"),
    progress(1, 2, 20, "decoding"),
  );
  endTurn();
  assert.deepEqual(sent, [[
    progress(1, 0, 0, "initializing"),
    progress(1, 0, 1, "loading_models"),
    progress(2, 0, 0, "loading_models"),
    progress(1, 0, 3, "loading_models"),
    progress(2, 0, 4, "loading_models"),
    progress(1, 0, 4, "sampling"),
    progress(1, 1, 9, "sampling"),
    progress(1, 2, 18, "sampling"),
    progress(1, 2, 18, "decoding"),
    progress(1, 2, 20, "decoding"),
  ]]);
});

Deno.test("Outgoing moves no progress across another event of its run, or across a message that left", () => {
  const { sent, post, endTurn } = setup();
  const preview = {
    type: "event",
    run: 1,
    event: { type: "preview", path: "p", step: 0 },
  } as const;
  post(progress(1, 0, 1), progress(1, 0, 2), preview, progress(1, 0, 3));
  endTurn();
  assert.deepEqual(sent, [[progress(1, 0, 1), progress(1, 0, 2), preview, progress(1, 0, 3)]]);
  post(progress(1, 0, 4), STARTED);
  endTurn();
  assert.deepEqual(sent[1], [progress(1, 0, 4), STARTED]);
});

Deno.test("Outgoing tells the first of a run that was joined on the way, and of the next one anew", () => {
  const { sent, post, endTurn } = setup();
  post(progress(1, 12, 60), progress(1, 12, 61), progress(1, 12, 62), ENDED);
  assert.deepEqual(sent, [[progress(1, 12, 60), progress(1, 12, 62), ENDED]]);
  post(progress(1, 0, 0), progress(1, 1, 5));
  endTurn();
  assert.deepEqual(sent[1], [progress(1, 0, 0), progress(1, 1, 5)]);
});

Deno.test("Outgoing tells steps by memory that it shares, at once and among its messages in order", () => {
  const { outgoing, sent, post, endTurn, wait } = setup();
  const told: unknown[] = [];
  const memory = createRing();
  using ring = new RingReader(memory, {
    onWake: () => {},
    take: (message) => told.push(message),
    onSenseless: () => assert.fail(),
  });
  outgoing.share(memory);
  post(progress(1, 0, 1), progress(1, 1, 5), progress(2, 1, 6));
  ring.drain();
  assert.deepEqual(told, [progress(1, 0, 1), progress(1, 1, 5), progress(2, 1, 6)]);
  post(LINE, STARTED, progress(1, 2, 10), progress(1, 3, 15));
  endTurn();
  post(progress(1, 4, 20));
  ring.drain();
  assert.deepEqual(sent, [[LINE, STARTED, progress(1, 2, 10), progress(1, 3, 15)]]);
  assert.equal(told.length, 3);
  ring.noteMessage();
  ring.drain();
  assert.deepEqual(told.slice(3), [progress(1, 4, 20)]);
  post(progress(1, 4, 21, "decoding"));
  ring.drain();
  assert.equal(told.length, 4);
  wait();
  ring.drain();
  assert.deepEqual([told.at(-1), sent.length], [progress(1, 4, 21, "decoding"), 1]);
});

Deno.test("Outgoing keeps log lines for what cannot go by shared memory, but not for ever", () => {
  const { outgoing, sent, post, wait } = setup();
  outgoing.share(createRing());
  post(LINE, progress(1, 1, 5));
  assert.deepEqual(sent, []);
  post(STARTED, LINE, ENDED);
  assert.deepEqual(sent, [[LINE, LINE, STARTED, ENDED]]);
  post(LINE);
  wait();
  assert.equal(sent.length, 1);
  post(progress(1, 2, 10), LINE);
  wait();
  assert.deepEqual(sent.slice(1), [[LINE, LINE]]);
});

Deno.test("Outgoing sends what the shared memory has no room for", () => {
  const { outgoing, sent, post, endTurn } = setup();
  outgoing.share(createRing());
  const steps = Array.from({ length: 258 }, (_, step) => progress(1, step + 1, 5));
  post(...steps);
  endTurn();
  assert.deepEqual(sent, [steps.slice(256)]);
});

import assert from "node:assert/strict";
import { readEndings, readNeighbours } from "../../../src/queue/postgres/told.ts";

Deno.test("readNeighbours() believes no number and no word that a worker cannot have told", () => {
  const worker = ["evil", null, null];
  const usual = { loaded: undefined, draining: false, worker: "evil" };
  const odd = [
    ["NaN", -1, 2 ** 31, "Infinity"],
    [1e300, "5", -0.5, "-Infinity"],
  ];
  const rows = odd.map((
    [room, active, waitMs, weight],
    index,
  ) => [...worker, String(index), "x".repeat(2_000), null, room, active, waitMs, weight, false]);
  const { servers } = readNeighbours(JSON.stringify(rows));
  assert.deepEqual(
    servers,
    odd.map((_, index) => ({
      ...usual,
      name: String(index),
      state: "x".repeat(32),
      room: 0,
      active: 0,
      waitMs: 0,
      weight: 1,
    })),
  );
});

Deno.test("readEndings() tells a job as failed whose ending cannot be read", () => {
  const [timeless] = readEndings('7,8,6a,cancelled,1,1,,,{"type":"cancelled"}');
  assert.equal(timeless?.ending.finishedAtMs, undefined);
  for (const outcome of ["{", "", JSON.stringify({ type: "completed" })]) {
    const [told] = readEndings(`7,8,6a,cancelled,1,1,,2,${outcome}`);
    assert.equal(told?.ending.state, "failed");
    assert.ok(told.ending.outcome?.type === "failed");
    assert.match(told.ending.outcome.error, /record of this job is damaged/);
    assert.equal(told.ending.startedAtMs, undefined);
  }
});

Deno.test("readEndings() tells only numbers that a message can carry", () => {
  const row = (seed: string, time: string) =>
    ["7", "8", "6a", "cancelled", seed, time, "", time, JSON.stringify({ type: "cancelled" })]
      .join();
  const rows = [row("9223372036854775807", "9223372036854775807"), row("-1", "-1")];
  const endings = readEndings(rows.join("\n")).map(({ ending }) => ending);
  assert.deepEqual(endings.map(({ id, state }) => [id, state]), Array(2).fill(["j", "cancelled"]));
  assert.deepEqual(endings.map(({ seed }) => seed), [Number.MAX_SAFE_INTEGER, 0]);
  assert.deepEqual(endings.map(({ finishedAtMs }) => finishedAtMs), [8.64e15, 0]);
});

Deno.test("readEndings() tells what a line holds, commas and damage included", () => {
  const outcome = { type: "failed", error: 'a,b "c", and \n more' } as const;
  const lines = [
    `7,8,c3a900,failed,5,1,2,3,${JSON.stringify(outcome)}`,
    "9,10,6a,completed,5,1,,3,",
  ];
  const [failed, damaged] = readEndings(lines.join("\n"));
  const times = { createdAtMs: 1, startedAtMs: 2, finishedAtMs: 3 };
  const ending = { id: "\u00e9\0", state: "failed", seed: 5, ...times, outcome };
  assert.deepEqual(failed, { seq: 7, xid: "8", ending });
  assert.equal(damaged?.ending.startedAtMs, undefined);
  assert.equal(damaged?.ending.state, "failed");
  assert.deepEqual(readEndings(null), []);
});

import assert from "node:assert/strict";
import { readNeighbours } from "../../../src/queue/postgres/told.ts";

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

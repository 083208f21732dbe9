import { runPlan } from "./run.ts";
import assert from "node:assert/strict";
import { drawPlan } from "./plan.ts";
import { story, Totals } from "./report.ts";

/** Seeds of a short run. */
const SEEDS = 20;

/** Quiet hours at the end of each. */
const IDLE_HOURS = 10;

Deno.test("Two hundred hours of misfortune and quiet break no promise", async () => {
  const totals = new Totals();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const plan = drawPlan(seed, { idleMs: IDLE_HOURS * 3_600_000 });
    const result = await runPlan(plan);
    totals.add(plan, result);
    assert.equal(
      result.failure,
      undefined,
      result.failure === undefined ? "" : await story(plan, 40),
    );
  }
  assert.ok(totals.hours >= 200, `${totals}`);
});

Deno.test("Waiting for ever is noticed, made small and told", async () => {
  // A server that never comes back within the patience of a run.
  const plan = {
    ...drawPlan(3, { idleMs: 0 }),
    faults: [
      { kind: "client dies", atMs: 1, forMs: 50, which: 0 },
      { kind: "link down", atMs: 1, forMs: 50, which: 0 },
    ] as const,
  };
  const dead = { ...plan, servers: 1, neverUp: true, patienceMs: 60_000 } as const;
  const { failure } = await runPlan(dead);
  assert.match(failure ?? "", /wait for ever$/);
  const told = await story(dead, 30);
  assert.match(told, /with 1 of \d+ jobs, 0 of 2 faults:/);
});

import { runPlan } from "./run.ts";
import assert from "node:assert/strict";
import { CORPUS } from "./corpus.ts";
import { drawPlan } from "./plan.ts";
import { story, Totals } from "./report.ts";

/** Seeds of a short run. */
const SEEDS = 20;

/** Quiet hours at the end of each. */
const IDLE_HOURS = 10;

Deno.test("A seed gives the same run to the byte", async () => {
  for (const seed of [7, 17, 37]) {
    const runs = [];
    for (let run = 0; run < 2; run++) runs.push(await runPlan(drawPlan(seed), { keepTrace: true }));
    assert.equal(runs[0]!.trace.join("\n"), runs[1]!.trace.join("\n"));
    assert.equal(runs[0]!.digest, runs[1]!.digest);
  }
});

for (const { name, plan } of CORPUS) {
  Deno.test(`No promise breaks any more: ${name}`, async () => {
    const { failure } = await runPlan(plan);
    assert.equal(failure, undefined, failure === undefined ? "" : await story(plan, 0));
  });
}

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

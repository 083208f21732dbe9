import assert from "node:assert/strict";
import { CORPUS } from "./corpus.ts";
import { drawPlan } from "./plan.ts";
import { story } from "./report.ts";
import { runPlan } from "./run.ts";

Deno.test("A seed gives the same run to the byte", async () => {
  for (const seed of [7, 17, 37]) {
    const { jobs, ...rest } = drawPlan(seed);
    const plan = { ...rest, jobs: jobs.map((job) => ({ ...job, isFetched: true as const })) };
    const runs = [];
    for (let run = 0; run < 2; run++) runs.push(await runPlan(plan, { keepTrace: true }));
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

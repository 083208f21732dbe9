/**
 * The same watch over a ratio of processor times, to which other work on the machine matters less: it runs
 * beside the other tests, as most of its time goes by waiting.
 */

import assert from "node:assert/strict";
import { jobCosts } from "./support/job_cost.ts";
import { ratio } from "./support/statistics.ts";

Deno.test("a job costs no more than some jobs of a bare driver, in processor time", async () => {
  const { ours, bare } = await jobCosts({ servers: 4, rounds: 3, jobs: 5 });
  const reached = ratio(ours, bare);
  // It is about 7, on a busy machine too.
  assert.ok(reached < 20, `It costs ${reached.toFixed(1)} times as much`);
});

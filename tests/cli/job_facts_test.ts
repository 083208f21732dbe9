import assert from "node:assert/strict";
import { describeEstimate, describeRequest } from "../../src/cli/job_facts.ts";
import type { JobDescription } from "../../src/protocol/mod.ts";

const OLD: JobDescription = { job_id: "a", state: "queued", attempts: 0, created_at: 0 };

Deno.test("describeRequest() says nothing of a job of an older worker", () => {
  assert.equal(describeRequest(OLD), "");
});

Deno.test("describeRequest() tells all in a few words", () => {
  const loras = [{ name: "pixel.safetensors", strength_model: 0.5 }, { name: "dir/soft.pt" }];
  const job = {
    ...OLD,
    size: [64, 32] as [number, number],
    steps: 9,
    model: "m.ckpt",
    loras,
    seed: 3,
  };
  assert.equal(describeRequest(job), "64x32 9 steps m +pixel:0.5 +dir/soft seed 3");
});

Deno.test("describeEstimate() says so where nothing like it was measured", () => {
  assert.equal(describeEstimate({ estimated_time_s: 4 }), "4.0 s");
  assert.equal(describeEstimate({ estimated_time_s: 4, estimate_confidence: 0.5 }), "4.0 s");
  assert.equal(
    describeEstimate({ estimated_time_s: 4, estimate_confidence: 0 }),
    "4.0 s (a guess)",
  );
});

import assert from "node:assert/strict";
import { describeRequest } from "../../src/cli/job_facts.ts";
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

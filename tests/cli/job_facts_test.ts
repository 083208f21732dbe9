import assert from "node:assert/strict";
import { describeEstimate, describePixel, describeRequest } from "../../src/cli/job_facts.ts";
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

Deno.test("describePixel() says what is doubtful, and last what to compare", () => {
  const found = {
    image: 0,
    size: [64, 32] as [number, number],
    cells: [64, 32] as [number, number],
    cell_size: [8, 8] as [number, number],
    offset: [0, 0] as [number, number],
    confidence: 0.969,
    sure: false,
    colors: 12,
    warnings: ["unsure_grid", "resized", "scale_64_too_large"],
  };
  assert.equal(
    describePixel(found),
    "pixel art of 64x32, 12 colours, made to fit the size asked for, scale 64 too large, " +
      "unsure of the grid (96 % likely right): compare it with its original",
  );
  assert.equal(
    describePixel({ ...found, sure: true, colors: 1, tileable: true, warnings: [] }),
    "pixel art of 64x32, 1 colour, tileable",
  );
  assert.equal(
    describePixel({ ...found, confidence: 0, warnings: ["no_grid"] }),
    "pixel art of 64x32, 12 colours, no grid found: compare it with its original",
  );
});

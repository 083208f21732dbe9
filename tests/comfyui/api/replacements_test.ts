import assert from "node:assert/strict";
import { createComfyClient } from "../../../src/comfyui/mod.ts";
import { startSimulator } from "../../../src/simulator/mod.ts";

Deno.test("ComfyClient.nodeReplacements() leaves out those with which ComfyUI loses the inputs", async () => {
  await using simulator = await startSimulator();
  await using client = createComfyClient({ url: simulator.url });
  assert.deepEqual(await client.nodeReplacements(), {
    ImageBatch: "BatchImagesNode",
    ImageScaleBy: "ResizeImageMaskNode",
  });
});

Deno.test("ComfyClient.nodeReplacements() finds none on versions without the route", async () => {
  await using simulator = await startSimulator({ profile: "0.10" });
  await using client = createComfyClient({ url: simulator.url });
  assert.deepEqual(await client.nodeReplacements(), {});
});

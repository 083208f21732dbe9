import assert from "node:assert/strict";
import type { JobContext } from "../../src/sandbox/context.ts";
import { decodePng } from "../../src/images/mod.ts";
import { createTemplate } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { type JobSetup, jobSetup } from "./job_setup.ts";

const REQUEST = generateRequest({ size: [64, 64], steps: 3, batch_size: 2 });

Deno.test("The same request gives the same bytes, whatever the job's name", async () => {
  const runs: Uint8Array[][] = [];
  for (const jobId of ["a", "b"]) {
    await using setup = await jobSetup();
    runs.push(await files(setup, { jobId }));
  }
  const [first, second] = runs as [Uint8Array[], Uint8Array[]];
  assert.deepEqual(first, second);
  assert.notDeepEqual(pixels(first[0]!), pixels(first[1]!));
});

Deno.test("Another seed gives other pixels", async () => {
  await using setup = await jobSetup();
  const [first] = await files(setup, { seed: 1 });
  const [second] = await files(setup, { seed: 2 });
  assert.notDeepEqual(pixels(first!), pixels(second!));
});

Deno.test("A rerun that ComfyUI has in its cache yields the same bytes", async () => {
  await using setup = await jobSetup();
  const first = await files(setup, { jobId: "a" });
  const again = await files(setup, { jobId: "b" });
  assert.equal(setup.simulator.record.executions.length, 2);
  assert.deepEqual(first, again);
});

Deno.test("Every image of every node that saves some is fetched, by the nodes' ids", async () => {
  await using setup = await jobSetup();
  const { catalog } = setup.context;
  const { graph } = catalog.choose(REQUEST);
  const nodes = Object.entries(graph);
  const [, saver] = nodes.find(([, node]) => node.class_type === "SaveImage")!;
  const scaled = { class_type: "ImageScaleBy", inputs: scaleInputs(saver.inputs["images"]) };
  const late = { class_type: "SaveImage", inputs: { images: ["100", 0], filename_prefix: "a" } };
  const preview = { class_type: "PreviewImage", inputs: { images: ["100", 0] } };
  const template = createTemplate("two-savers", {
    ...graph,
    "100": scaled,
    "101": late,
    "102": preview,
  });
  const context: JobContext = {
    ...setup.context,
    catalog: { ...setup.context.catalog, choose: () => template },
  };
  const { outcome } = await setup.run({ request: REQUEST }, undefined, undefined, context);
  assert.ok(outcome.type === "completed");
  const names = [0, 1, 2, 3].map((index) => `${setup.dir}/job-1_${index}.png`);
  assert.deepEqual(outcome.imagePaths, names);
  const images = await Promise.all(names.map((path) => Deno.readFile(path)));
  assert.deepEqual(images.map((png) => decodePng(png).width), [64, 64, 128, 128]);
});

function scaleInputs(image: unknown): Record<string, unknown> {
  return { image, upscale_method: "nearest-exact", scale_by: 2 };
}

async function files(
  setup: JobSetup,
  fields: { jobId?: string; seed?: number },
): Promise<Uint8Array[]> {
  const { outcome } = await setup.run({ request: REQUEST, ...fields });
  assert.ok(outcome.type === "completed");
  assert.equal(outcome.imagePaths.length, 2);
  return await Promise.all(outcome.imagePaths.map((path) => Deno.readFile(path)));
}

function pixels(png: Uint8Array): Uint8Array {
  return decodePng(png).data;
}

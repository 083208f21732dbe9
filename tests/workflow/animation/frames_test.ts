import assert from "node:assert/strict";
import type { GenerateRequest } from "../../../src/protocol/mod.ts";
import {
  bindTemplate,
  createTemplate,
  framesWarning,
  planFrames,
} from "../../../src/workflow/mod.ts";
import { generateRequest } from "../../support/requests.ts";
import * as graphs from "../graphs.ts";

const POSES = graphs.graphOf({
  ...graphs.STOCK,
  pos: ["CLIPTextEncode", { text: "{prompt}, {frames} in {columns}x{rows}", clip: ["ckpt", 1] }],
});

function videoGraph(className: string) {
  return graphs.graphOf({
    ...graphs.STOCK,
    latent: [className, { width: 832, height: 480, length: 33, batch_size: 1 }],
  });
}

function bound(json: unknown, fields: Partial<GenerateRequest>, mapping?: unknown) {
  const template = createTemplate("t", json, mapping);
  const graph = bindTemplate(template, generateRequest(fields), { seed: 1 });
  return { text: graph["pos"]?.inputs["text"], latent: graph["latent"]?.inputs };
}

Deno.test("A workflow that speaks of columns makes all poses in one image", () => {
  const { text, latent } = bound(POSES, {
    prompt: "a knight",
    size: [64, 64],
    animation_frames: 2,
    frame_prompts: ["arms {rows} up", "arms down"],
  });
  assert.equal(text, "a knight, poses in order: 1 arms {rows} up, 2 arms down, 2 in 2x1");
  assert.equal(latent?.["batch_size"], 1);
  const one = bound(POSES, { prompt: "$& {frames}", size: [512, 512] });
  assert.equal(one.text, "$& {frames}, 1 in 1x1");
  assert.deepEqual([one.latent?.["width"], one.latent?.["height"]], [512, 512]);
});

Deno.test("The latent of a video counts frames in its length, and its batch stays", () => {
  const lengthOf = (frames: number, name = "EmptyHunyuanLatentVideo", mapping?: unknown) => {
    const { latent } = bound(videoGraph(name), { animation_frames: frames }, mapping);
    assert.equal(latent?.["batch_size"], 1);
    return latent?.["length"];
  };
  assert.deepEqual([1, 2, 5, 8, 9, 10].map((frames) => lengthOf(frames)), [1, 5, 5, 9, 9, 13]);
  assert.equal(lengthOf(8, "EmptyHunyuanLatentVideo", { frame_step: 2 }), 17);
  assert.equal(lengthOf(10, "EmptyLTXVLatentVideo"), 17);
  assert.equal(lengthOf(8, "EmptyMochiLatentVideo"), 13);
  // Without frames the file's own length stays, and a batch is of whole videos.
  const { latent } = bound(videoGraph("EmptyHunyuanLatentVideo"), { batch_size: 2 });
  assert.deepEqual([latent?.["length"], latent?.["batch_size"]], [33, 2]);
});

Deno.test("A cycle and prompts of frames go into the words of every kind of workflow", () => {
  const request = { prompt: "a knight", animation_frames: 2 } as const;
  const video = videoGraph("EmptyHunyuanLatentVideo");
  assert.equal(
    bound(video, { ...request, cycle: "jump" }).text,
    "a knight, jump animation, one jump on the spot, side view",
  );
  assert.equal(
    bound(video, { ...request, frame_prompts: ["rising", "falling"] }).text,
    "a knight, first rising, then falling",
  );
  const batch = bound(graphs.graphOf(graphs.STOCK), { ...request, cycle: "jump" });
  assert.match(String(batch.text), /^a knight, jump animation/);
  assert.equal(batch.latent?.["batch_size"], 2);
});

Deno.test("bindTemplate() refuses what says something of an animation that is none", () => {
  const cases: [Partial<GenerateRequest>, RegExp][] = [
    [
      { cycle: "walk" },
      /^Invalid parameter: cycle: belongs to an animation; give animation_frames/,
    ],
    [{ frame_prompts: ["a"] }, /^Invalid parameter: frame_prompts: belongs/],
    [{ fps: 8 }, /^Invalid parameter: fps: belongs/],
    [{ sheet_columns: 8 }, /^Invalid parameter: sheet_columns: belongs/],
    [{ animation_frames: 2, frame_prompts: [] }, /frame_prompts: 0 prompts for 2 frames; give one/],
    [{ animation_frames: 1, frame_prompts: ["a"], cycle: "walk" }, /give either cycle or frame_p/],
    [{ animation_frames: 2, batch_size: 2 }, /animation_frames: give either/],
    [
      { animation_frames: 250, frame_prompts: new Array(250).fill("x".repeat(50)) },
      /frame_prompts: 125\d\d characters with prompt, above 10000/,
    ],
  ];
  for (const [fields, message] of cases) {
    assert.throws(() => bound(POSES, fields), { code: "invalid_parameter", message });
  }
});

Deno.test("createTemplate() refuses a frame_step that is none", () => {
  for (const frame_step of [0, 17, 1.5, "2", null]) {
    assert.throws(() => createTemplate("t", POSES, { frame_step }), {
      code: "invalid_workflow",
      message: /frame_step must be a whole number from 1 to 16/,
    });
  }
  const template = createTemplate("t", videoGraph("X"), { frame_step: 16 });
  const plan = planFrames(template, { animation_frames: 3, size: [64, 64] });
  assert.deepEqual(plan, { type: "clip", length: 33, step: 16 });
});

Deno.test("framesWarning() says which workflows make frames that are no animation", () => {
  const warned = (graph: unknown, fields: Partial<GenerateRequest> = { animation_frames: 3 }) =>
    framesWarning(createTemplate("t", graph), generateRequest(fields));
  assert.match(warned(graphs.graphOf(graphs.STOCK)) ?? "", /^t makes images that share the prompt/);
  assert.equal(warned(graphs.graphOf(graphs.STOCK), {}), undefined);
  assert.equal(warned(POSES), undefined);
  assert.equal(warned(videoGraph("EmptyHunyuanLatentVideo")), undefined);
  const moved: Record<string, graphs.ShortNode> = {
    ...graphs.STOCK,
    motion: ["ADE_AnimateDiffLoaderGen1", { model: ["ckpt", 0], model_name: "mm.ckpt" }],
  };
  assert.equal(warned(graphs.graphOf(moved)), undefined);
});

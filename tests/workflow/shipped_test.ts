import assert from "node:assert/strict";
import { bindTemplate, loadCatalog } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";

Deno.test("loadCatalog() reads the shipped workflows, and each takes a whole request", async () => {
  const catalog = await loadCatalog();
  assert.ok(catalog.templates.size >= 12);
  for (const template of catalog.templates.values()) {
    const graph = bindTemplate(
      template,
      generateRequest({ prompt: "shipped", negative_prompt: "n", batch_size: 2, lora: "l" }),
      { seed: 5 },
    );
    const text = JSON.stringify(graph);
    for (const value of ["shipped, ", '"n, ', '"seed":5', '"lora_name":"l"']) {
      assert.ok(text.includes(value), `${template.name} lacks ${value}`);
    }
    assert.match(text, /"(?:batch_size|amount)":2/, template.name);
  }
});

const REQUEST = generateRequest({
  prompt: "a wizard",
  negative_prompt: "photo",
  model: "other.safetensors",
  size: [640, 384],
  steps: 13,
  cfg_scale: 6.5,
  sampler_name: "heun",
  scheduler: "beta",
  denoise: 0.6,
});

const SHIPPED_VALUES = {
  "Checkpoint.ckpt_name": "other.safetensors",
  "Sampler.seed": 77,
  "Sampler.steps": 13,
  "Sampler.cfg": 6.5,
  "Sampler.sampler_name": "heun",
  "Sampler.scheduler": "beta",
  "Sampler.denoise": 0.6,
};

/** The texts that ComfyUI gets from each: the words of the request among those of the style. */
const SHIPPED_TEXTS: Record<string, [positive: string, negative: string]> = {
  "animation": [
    "a wizard, idle animation, standing and breathing calmly, poses in order: 1 standing at rest, 2 standing at rest, 3 breathing in, 4 chest raised, 5 chest raised, 6 breathing out, pixel art sprite sheet, 6 poses of one and the same character in a grid of 3 columns and 2 rows, one pose in each cell, evenly spaced, full body, same outfit, same colors, same size, plain white background, 16-bit, crisp pixels, limited palette",
    "photo, blurry, anti-aliased, photo, realistic, several different characters, changing outfit, overlapping figures, cropped, cut off, busy background, shadows, grid lines, watermark, text, numbers",
  ],
  "animation_wan": [
    "a wizard, pixel art game sprite, 16-bit, crisp pixels, one character, full body, centered, moving in place, the camera does not move, plain white background",
    "photo, blurry, photo, realistic, static, moving camera, zoom, cut, several characters, cropped, busy background, watermark, text",
  ],
  "batch": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "batch_generation": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "batch_optimized": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "img2img_sdxl": [
    "pixel art, a wizard, crisp pixels, limited palette, clean outline, 16-bit game art",
    "photo, blurry, anti-aliased, photo, noise, jpeg artifacts, watermark, text",
  ],
  "pixel_art_better": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "pixel_art_lora": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "pixel_art_workflow": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ],
  "sprite_optimized": [
    "pixel art, 16-bit sprite, a wizard, crisp pixels, limited palette, clean outline, one game sprite, centered, plain background",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text, scenery, cropped",
  ],
  "tileset": [
    "pixel art, top-down game tileset, a wizard, a grid of 2 by 2 square terrain tiles, seamless edges, 16-bit, crisp pixels, limited palette, flat lighting",
    "photo, blurry, anti-aliased, photo, realistic, perspective, characters, uneven grid, borders between tiles, vignette, watermark, text",
  ],
  "txt2img": [
    "a wizard, clear shapes, sharp focus",
    "photo, blurry, low quality, watermark, text",
  ],
  "txt2img_sdxl": [
    "a wizard, highly detailed, sharp focus",
    "photo, blurry, low quality, watermark, text",
  ],
};

function emptyLatent(title: string, batch = 3): Record<string, unknown> {
  return { [`${title}.width`]: 640, [`${title}.height`]: 384, [`${title}.batch_size`]: batch };
}

/** What differs from workflow to workflow, by name. */
const SHIPPED: Record<string, [Parameters<typeof generateRequest>[0], Record<string, unknown>]> = {
  animation: [{ animation_frames: 6, size: [64, 48], cycle: "idle" }, {
    "Sheet of poses.width": 1536,
    "Sheet of poses.height": 768,
  }],
  animation_wan: [{ animation_frames: 6, fps: 8 }, {
    "Video model.unet_name": "other.safetensors",
    "Video.width": 640,
    "Video.height": 384,
    "Video.length": 13,
  }],
  batch: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  batch_generation: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  batch_optimized: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  img2img_sdxl: [{ batch_size: 3, init_image: "mine.png" }, {
    "Initial image.image": "sent.png",
    "Fit to size.width": 640,
    "Fit to size.height": 384,
    "Batch.amount": 3,
  }],
  pixel_art_better: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  pixel_art_lora: [{ batch_size: 3, lora: "l.safetensors", lora_strength: 0.3 }, {
    ...emptyLatent("Empty latent"),
    "LoRA.lora_name": "l.safetensors",
    "LoRA.strength_model": 0.3,
    "LoRA.strength_clip": 0.3,
  }],
  pixel_art_workflow: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  sprite_optimized: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  tileset: [{ batch_size: 3, tileset_grid: [2, 2] }, emptyLatent("Sheet")],
  txt2img: [{ batch_size: 3 }, emptyLatent("Empty latent")],
  txt2img_sdxl: [{ batch_size: 3 }, emptyLatent("Empty latent")],
};

Deno.test("bindTemplate() writes each value into its node of each shipped workflow, and no other", async () => {
  const { templates } = await loadCatalog();
  assert.deepEqual([...templates.keys()].sort(), Object.keys(SHIPPED).sort());
  for (const [name, [fields, values]] of Object.entries(SHIPPED)) {
    const template = templates.get(name)!;
    const request = { ...REQUEST, ...fields };
    const graph = bindTemplate(template, request, { seed: 77, initImage: "sent.png" });
    const changed = Object.entries(graph).flatMap(([id, { _meta, inputs }]) =>
      Object.entries(inputs)
        .filter(([input, value]) => template.graph[id]?.inputs[input] !== value)
        .filter(([, value]) => !Array.isArray(value))
        .map(([input, value]) => [`${_meta?.title}.${input}`, value])
    );
    const [positive, negative] = SHIPPED_TEXTS[name]!;
    const texts = { "Positive prompt.text": positive, "Negative prompt.text": negative };
    const expected: Record<string, unknown> = { ...SHIPPED_VALUES, ...texts, ...values };
    // A model of its own kind is loaded by a node of another title.
    if ("Video model.unet_name" in expected) delete expected["Checkpoint.ckpt_name"];
    assert.deepEqual(Object.fromEntries(changed), expected, name);
  }
});

/** Graphs that a stock ComfyUI and the simulator both take. */

import type { PromptGraph } from "../../src/comfyui/mod.ts";

/** The checkpoint that every server under test has. */
export const CHECKPOINT = "sd_xl_base_1.0.safetensors";

/** Options of {@linkcode textToImage}. */
export interface TextToImageOptions {
  /** @default {a random one, so that nothing comes from the cache} */
  seed?: number;
  /** @default {4} */
  steps?: number;
  /** @default {1} */
  batchSize?: number;
  /** @default {64} */
  width?: number;
  /** @default {CHECKPOINT} */
  checkpoint?: string;
}

/** The stock graph from text to image; the sampler is node 5, the saving node 7. */
export function textToImage(options: TextToImageOptions = {}): PromptGraph {
  const { seed = randomSeed(), steps = 4, batchSize = 1, width = 64, checkpoint = CHECKPOINT } =
    options;
  return {
    "1": {
      class_type: "CheckpointLoaderSimple",
      inputs: { ckpt_name: checkpoint },
      _meta: { title: "Load Checkpoint" },
    },
    "2": { class_type: "CLIPTextEncode", inputs: { text: "pixel art knight", clip: ["1", 1] } },
    "3": { class_type: "CLIPTextEncode", inputs: { text: "blurry", clip: ["1", 1] } },
    "4": { class_type: "EmptyLatentImage", inputs: { width, height: 64, batch_size: batchSize } },
    "5": {
      class_type: "KSampler",
      inputs: {
        seed,
        steps,
        cfg: 7,
        sampler_name: "euler",
        scheduler: "normal",
        denoise: 1,
        model: ["1", 0],
        positive: ["2", 0],
        negative: ["3", 0],
        latent_image: ["4", 0],
      },
    },
    "6": { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
    "7": { class_type: "SaveImage", inputs: { filename_prefix: "conformance", images: ["6", 0] } },
  };
}

/** A plain image, saved without any model. */
export function plainImage(color = randomSeed() % 0xffffff): PromptGraph {
  return {
    "1": { class_type: "EmptyImage", inputs: { width: 32, height: 16, batch_size: 1, color } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "conformance" } },
  };
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

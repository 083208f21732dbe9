/**
 * The model files that the simulator claims to have.
 *
 * @module
 */

import type { ModelLists } from "../options.ts";

/** Facts about a model file, as `/experiment/models/{folder}` gives them. */
export interface ModelFile {
  /** Path below the folder, with forward slashes. */
  readonly name: string;
  /** Size in bytes. */
  readonly sizeBytes: number;
}

/** Folder keys in the order of ComfyUI's `/models`. */
const FOLDERS = [
  "checkpoints",
  "configs",
  "loras",
  "vae",
  "text_encoders",
  "diffusion_models",
  "clip_vision",
  "style_models",
  "embeddings",
  "diffusers",
  "vae_approx",
  "controlnet",
  "gligen",
  "upscale_models",
  "custom_nodes",
  "hypernetworks",
  "photomaker",
  "classifiers",
  "model_patches",
  "audio_encoders",
] as const;

const DEFAULTS: ModelLists = {
  checkpoints: [
    "sd_xl_base_1.0.safetensors",
    "sd_xl_refiner_1.0.safetensors",
    "v1-5-pruned-emaonly.safetensors",
  ],
  configs: ["v1-inference.yaml", "v2-inference-v.yaml"],
  loras: ["lcm-lora-sdxl.safetensors", "pixel-art-xl-v1.1.safetensors"],
  vae: ["sdxl_vae.safetensors", "wan_2.1_vae.safetensors"],
  text_encoders: [
    "clip_g.safetensors",
    "clip_l.safetensors",
    "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
  ],
  diffusion_models: ["sd_xl_base_1.0_unet.safetensors", "wan2.1_t2v_1.3B_fp16.safetensors"],
  embeddings: ["negativeXL_D.safetensors"],
  upscale_models: ["4x-UltraSharp.pth"],
};

/** Sizes of files as published, where the name is a well-known one. */
const KNOWN_SIZES: Readonly<Record<string, number>> = {
  "sd_xl_base_1.0.safetensors": 6_938_078_334,
  "sd_xl_refiner_1.0.safetensors": 6_075_981_930,
  "v1-5-pruned-emaonly.safetensors": 4_265_146_304,
  "pixel-art-xl-v1.1.safetensors": 170_543_052,
  "lcm-lora-sdxl.safetensors": 393_854_592,
  "sdxl_vae.safetensors": 334_641_164,
  "wan_2.1_vae.safetensors": 253_815_318,
};

/** Believable sizes of other files, by folder. */
const USUAL_SIZES: Readonly<Record<string, number>> = {
  checkpoints: 6_617_000_000,
  diffusion_models: 5_135_000_000,
  text_encoders: 1_390_000_000,
  controlnet: 2_502_000_000,
  vae: 334_600_000,
  loras: 170_500_000,
  upscale_models: 66_960_000,
};

/** Every model folder and its files. */
export class ModelLibrary {
  readonly #folders = new Map<string, readonly string[]>();

  /** Creates the library from the lists that the caller gave. */
  constructor(lists: ModelLists) {
    for (const folder of FOLDERS) this.#folders.set(folder, DEFAULTS[folder] ?? []);
    for (const [folder, names] of Object.entries(lists)) this.#folders.set(folder, names);
  }

  /** Folder keys in ComfyUI's order. */
  folders(): string[] {
    return [...this.#folders.keys()];
  }

  /** Sorted names of a folder, or `undefined` for an unknown folder. */
  names(folder: string): string[] | undefined {
    const names = this.#folders.get(folder);
    return names === undefined ? undefined : [...new Set(names)].sort();
  }

  /** Files of a folder with their facts, or `undefined` for an unknown folder. */
  files(folder: string): ModelFile[] | undefined {
    return this.names(folder)?.map((name) => ({ name, sizeBytes: sizeOf(folder, name) }));
  }
}

function sizeOf(folder: string, name: string): number {
  return KNOWN_SIZES[name] ?? USUAL_SIZES[folder] ?? 1_048_576;
}

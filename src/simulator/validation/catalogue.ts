/**
 * The node classes: `/object_info` as recorded, with the model and file lists of this simulator.
 *
 * @module
 */

import type { Json, JsonObject } from "../json.ts";
import type { ModelLibrary } from "../files/models.ts";
import recordedNew from "../object_info_0_33.json" with { type: "json" };
import recorded from "../object_info.json" with { type: "json" };
import { OWN_NODES } from "../own_nodes.ts";

/** Declaration of an input: its type (or the list of choices) and its options, if any. */
export type InputSpec = [type: string | Json[], options?: JsonObject];

/** A node class as `/object_info` describes it. */
export interface NodeInfo {
  /** The inputs by kind. */
  input: { required: Record<string, InputSpec>; optional?: Record<string, InputSpec> };
  /** Types of the outputs. */
  output: string[];
  /** True for nodes that a run may aim at. */
  output_node: boolean;
}

/** Inputs whose choices are the files of a model folder. */
const MODEL_INPUTS: Readonly<Record<string, string>> = {
  "CheckpointLoaderSimple.ckpt_name": "checkpoints",
  "LoraLoader.lora_name": "loras",
  "LoraLoaderModelOnly.lora_name": "loras",
  "VAELoader.vae_name": "vae",
  "CLIPLoader.clip_name": "text_encoders",
  "DualCLIPLoader.clip_name1": "text_encoders",
  "DualCLIPLoader.clip_name2": "text_encoders",
  "UNETLoader.unet_name": "diffusion_models",
};

/** A double cannot hold 2^64-1, the largest seed, so the recorded number arrives one too large. */
const LARGEST_SEED = 2n ** 64n - 1n;

type Classes = Readonly<Record<string, NodeInfo>>;

const OLD_CLASSES = {
  ...restoreSeeds(recorded as unknown as Json) as JsonObject,
  ...OWN_NODES,
} as unknown as Classes;

/** Classes that were not recorded anew are declared as before. */
const NEW_CLASSES = {
  ...OLD_CLASSES,
  ...restoreSeeds(recordedNew as unknown as Json) as JsonObject,
} as unknown as Classes;

/** The node classes that this simulator knows. */
export class Catalogue {
  readonly #models: ModelLibrary;
  readonly #classes: Classes;

  /** Creates the catalogue over a model library; `isNew` declares the classes as newer versions do. */
  constructor(models: ModelLibrary, isNew: boolean) {
    this.#models = models;
    this.#classes = isNew ? NEW_CLASSES : OLD_CLASSES;
  }

  /** Names of the classes. */
  names(): string[] {
    return Object.keys(this.#classes);
  }

  /** The class as it is declared, without lists that depend on files; `undefined` if unknown. */
  find(name: unknown): NodeInfo | undefined {
    if (typeof name !== "string" || !Object.hasOwn(this.#classes, name)) return undefined;
    return this.#classes[name];
  }

  /** The class as `/object_info` shows it; `inputFiles` are the choices of `LoadImage`. */
  describe(name: string, inputFiles: readonly string[]): NodeInfo | undefined {
    const info = this.find(name);
    if (info === undefined) return undefined;
    const required = Object.entries(info.input.required)
      .map(([input, spec]) => [input, this.#fill(`${name}.${input}`, spec, inputFiles)]);
    const input = { ...info.input, required: Object.fromEntries(required) };
    return { ...info, input };
  }

  /** The declaration of one input with its present choices. */
  input(name: string, input: string): InputSpec | undefined {
    const info = this.find(name);
    const spec = info?.input.required[input] ?? info?.input.optional?.[input];
    return spec && this.#fill(`${name}.${input}`, spec, []);
  }

  #fill(key: string, [type, ...options]: InputSpec, inputFiles: readonly string[]): InputSpec {
    const folder = MODEL_INPUTS[key];
    if (folder !== undefined) return [this.#choices(folder), ...options];
    if (key === "LoadImage.image") return [[...inputFiles], ...options];
    return [type, ...options];
  }

  /** The VAE loader always offers `pixel_space`, which needs no file. */
  #choices(folder: string): string[] {
    const names = this.#models.names(folder) ?? [];
    return folder === "vae" ? [...names, "pixel_space"] : names;
  }
}

function restoreSeeds(value: Json): Json {
  if (value === 2 ** 64) return LARGEST_SEED;
  if (Array.isArray(value)) return value.map(restoreSeeds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, restoreSeeds(part)]));
}

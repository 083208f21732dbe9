/**
 * Finds out, by following the links of a graph, which inputs carry what a request may set. Pure.
 *
 * It goes by the names of inputs rather than by a list of classes, so that nodes it never heard of
 * (a custom sampler, a conditioning chain, a primitive that feeds a seed) are traced all the same.
 */

import { isFormat } from "../format.ts";
import { type Graph, type GraphNode, isLink, type Link } from "../graph.ts";
import {
  type Parameter,
  PARAMETERS,
  type Target,
  type Targets,
  type Trace,
} from "../parameters.ts";
import { Links } from "./links.ts";
import { KINDS, literalOf } from "./literals.ts";
import { Prompts } from "./prompts.ts";
import { usedSamplers } from "./spare.ts";
import { ENCODED_SIZES, FRAME_COUNTS, latentPixels, sizeNames, SOUND_FRAMES } from "./sizes.ts";

const CONTROLS: ReadonlySet<string> = new Set(["noise", "guider", "sampler", "sigmas"]);
const SETTINGS: Readonly<Record<string, Parameter>> = {
  seed: "seed",
  noise_seed: "seed",
  steps: "steps",
  cfg: "cfg_scale",
  cfg_conds: "cfg_scale",
  sampler_name: "sampler_name",
  scheduler: "scheduler",
  denoise: "denoise",
};
/** Inputs of samplers and guiders that lead to a positive prompt; the last two of a guider for two. */
const POSITIVES: ReadonlySet<string> = new Set(["positive", "conditioning", "cond1", "cond2"]);
const MODEL_NAMES: ReadonlySet<string> = new Set(["ckpt_name", "unet_name"]);
/** Further names of a model file, in nodes that load one and take none. */
const LOADER_NAMES = /^(?:(?:model|checkpoint|gguf|diffusion_model)(?:_name|_path|_file)?|ckpt)$/;
const FORMAT_INPUT =
  /^(?:extension|format|(?:file|image|output|save)_(?:ext|extension|format|type))$/;
const IMAGE_SOURCES: ReadonlySet<string> = new Set([
  "samples",
  "latent",
  "latent_image",
  "pixels",
  "image",
  "images",
  "input",
  "video_latent",
  "audio_latent",
  "start_image",
  "init_image",
]);

/** Traces a graph from its samplers. */
export function traceGraph(graph: Graph): Trace {
  const tracer = new Tracer(graph);
  const all = Object.keys(graph).filter((id) => isSampler(graph[id]));
  const samplers = usedSamplers(graph, all);
  for (const id of samplers) tracer.traceSampler(id);
  tracer.placeModels(samplers);
  tracer.placeFormats();
  tracer.placeSizes();
  return { ...tracer.finish(), samplers, loras: [...tracer.loras] };
}

function isSampler(node: GraphNode | undefined): boolean {
  if (node === undefined) return false;
  const { inputs } = node;
  const latent = isLink(inputs["latent_image"]) || isLink(inputs["latent"]);
  const noise = "seed" in inputs || "noise_seed" in inputs || isLink(inputs["noise"]);
  return latent && noise;
}

/** A width that is another node's height: which of its values comes out where is not known. */
function isCrossed(width: unknown, height: unknown): boolean {
  return isLink(width) && isLink(height) && width[0] === height[0] && width[1] > height[1];
}

class Tracer {
  readonly #graph: Graph;
  readonly #links: Links;
  readonly #prompts: Prompts;
  readonly #targets = new Map<Parameter, Map<string, Target>>();
  /** Loaders by the sampler that they were found from, and those that it has its texts from. */
  readonly #loaders = new Map<string, Target[]>();
  readonly #textLoaders = new Map<string, Target[]>();
  /** Nodes with a size of their own that must be the latent's. */
  readonly #followers = new Set<string>();
  /** Nodes with a size that is the latent's where both are the same in the file. */
  readonly #agreeing = new Set<string>();
  /** Whether a sampler goes on from the latent of another one, as far as that was asked. */
  readonly #secondPasses = new Map<string, boolean>();
  readonly #frameCounts: Target[] = [];
  #sizeMultiple = 1;
  readonly loras = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#links = new Links(graph);
    this.#prompts = new Prompts(graph, this.#links);
  }

  traceSampler(id: string): void {
    for (const control of this.#controlsOf(id)) {
      const positives: Link[] = [];
      const negatives: Link[] = [];
      this.#noteFollower(control, id);
      for (const [input, value] of Object.entries(this.#links.inputs(control))) {
        const setting = SETTINGS[input];
        if (setting !== undefined) this.#place(setting, control, input);
        if (!isLink(value)) continue;
        if (POSITIVES.has(input)) positives.push(value);
        if (input === "negative") negatives.push(value);
        if (input === "model") this.#models(value, id);
        if (input === "latent_image" || input === "latent") this.#latents(value);
      }
      const visitor = {
        onClip: (clip: Link) => this.#models(clip, id, this.#textLoaders),
        onConditioning: (node: string) => void this.#agreeing.add(node),
      };
      this.#prompts.follow("prompt", positives, visitor);
      this.#prompts.follow("negative_prompt", negatives, visitor);
    }
  }

  /**
   * A request names one model, and a refiner needs another: what goes on from the latent of another
   * sampler keeps the file that it has, unless the first has none.
   */
  placeModels(samplers: readonly string[]): void {
    const first = samplers.filter((id) => !this.#goesOn(id));
    for (const ids of [first, samplers]) {
      if (this.#targets.has("model")) return;
      for (const { node, input } of ids.flatMap((id) => this.#loadersOf(id))) {
        this.#place("model", node, input);
      }
    }
  }

  /** Saving nodes have many names, and so has their choice of a format; what stands there tells it. */
  placeFormats(): void {
    for (const [id, { inputs }] of Object.entries(this.#graph)) {
      if (!isLink(inputs["images"]) && !isLink(inputs["image"])) continue;
      for (const [input, value] of Object.entries(inputs)) {
        if (FORMAT_INPUT.test(input) && isFormat(value)) this.#place("output_format", id, input);
      }
    }
  }

  /** What steers the sampler by a size of its own must know the latent's. */
  placeSizes(): void {
    const [width, height] = (["width", "height"] as const).map((edge) => this.#valueOf(edge));
    if (width === undefined || height === undefined) return;
    for (const id of this.#followers) this.#placeSize(id);
    for (const id of this.#agreeing) {
      const inputs = this.#links.inputs(id);
      // An area of the image is meant as it stands.
      if ("x" in inputs && "y" in inputs) continue;
      for (const [wide, high] of ENCODED_SIZES) {
        if (inputs[wide] !== width || inputs[high] !== height) continue;
        this.#place("width", id, wide);
        this.#place("height", id, high);
      }
    }
  }

  finish(): Omit<Trace, "samplers" | "loras"> {
    const { ambiguities, ...prompts } = this.#prompts.decide();
    const lists = PARAMETERS.map((parameter) => [
      parameter,
      [...(this.#targets.get(parameter)?.values() ?? [])],
    ]);
    const targets: Targets = { ...Object.fromEntries(lists), ...prompts };
    const [frameCounts, sizeMultiple] = [this.#frameCounts, this.#sizeMultiple];
    return { targets, ambiguities, frameCounts, sizeMultiple };
  }

  #goesOn(sampler: string): boolean {
    const known = this.#secondPasses.get(sampler);
    if (known !== undefined) return known;
    const passes = (input: string, id: string) =>
      IMAGE_SOURCES.has(input) || this.#links.isTransparent(id);
    const found = this.#links.walk([sampler, 0], passes)
      .some((id) => id !== sampler && isSampler(this.#graph[id]));
    this.#secondPasses.set(sampler, found);
    return found;
  }

  /** The sampler and the nodes that steer it (noise, guider, sigmas), whatever lies between. */
  #controlsOf(sampler: string): string[] {
    return this.#links.walk(
      [sampler, 0],
      (input, id) => CONTROLS.has(input) || (id !== sampler && this.#links.isTransparent(id)),
    );
  }

  /** A second pass has a size of its own, and so may what steers it. */
  #noteFollower(id: string, sampler: string): void {
    (this.#goesOn(sampler) ? this.#agreeing : this.#followers).add(id);
  }

  /** What the texts come from is the request's model, too, unless that is a file of another kind. */
  #loadersOf(sampler: string): readonly Target[] {
    const own = this.#loaders.get(sampler) ?? [];
    const others = this.#textLoaders.get(sampler) ?? [];
    if (own.length === 0) return others;
    return [...own, ...others.filter(({ input }) => own.some((one) => one.input === input))];
  }

  /** Along `model` and `clip` up to the loaders, past LoRAs and whatever else patches a model. */
  #models(from: Link, sampler: string, found = this.#loaders): void {
    const passes = (input: string, id: string) =>
      (input === "clip" && found === this.#textLoaders) || input.startsWith("model") ||
      this.#links.isTransparent(id);
    for (const id of this.#links.walk(from, passes)) {
      const inputs = this.#links.inputs(id);
      this.#noteFollower(id, sampler);
      if ("lora_name" in inputs && "strength_model" in inputs) this.loras.add(id);
      for (const input of Object.keys(inputs)) {
        const isLoader = LOADER_NAMES.test(input) && this.#links.linksOf(id).length === 0;
        if (!MODEL_NAMES.has(input) && !isLoader) continue;
        found.set(sampler, [...found.get(sampler) ?? [], { node: id, input }]);
      }
    }
  }

  /**
   * Along the latent up to where its size is decided, an empty latent or the scaling of an image, and
   * to the image that it is made from.
   */
  #latents(from: Link): void {
    const passes = (input: string, id: string) =>
      (IMAGE_SOURCES.has(input) && !isSampler(this.#graph[id])) || this.#links.isTransparent(id);
    for (const id of this.#links.walk(from, passes)) {
      const inputs = this.#links.inputs(id);
      const decides = !this.#rescales(id, passes);
      if (decides && this.#placeSize(id)) {
        const pixels = latentPixels(this.#links.node(id).class_type);
        this.#sizeMultiple = Math.max(this.#sizeMultiple, pixels);
      }
      const count = FRAME_COUNTS.find((input) => input in inputs);
      if (count !== undefined && decides && sizeNames(inputs) !== undefined) {
        this.#placeFrames(id, count);
      }
      if (SOUND_FRAMES in inputs) this.#placeFrames(id, SOUND_FRAMES);
      if ("batch_size" in inputs) this.#place("batch_size", id, "batch_size");
      if ("amount" in inputs && isLink(inputs["samples"])) this.#place("batch_size", id, "amount");
      if (typeof inputs["image"] === "string") this.#place("init_image", id, "image");
    }
  }

  /** What scales a latent, or an image generated before, leaves the size that was asked for on purpose. */
  #rescales(id: string, passes: (input: string, id: string) => boolean): boolean {
    if (isLink(this.#links.inputs(id)["samples"])) return true;
    return this.#links.walk([id, 0], passes).some((behind) => isSampler(this.#graph[behind]));
  }

  #placeSize(id: string): boolean {
    const inputs = this.#links.inputs(id);
    const size = sizeNames(inputs);
    if (size === undefined || isCrossed(inputs[size[0]], inputs[size[1]])) return false;
    const isPlaced = this.#place("width", id, size[0]);
    return this.#place("height", id, size[1]) || isPlaced;
  }

  #placeFrames(node: string, input: string): void {
    this.#frameCounts.push({ node, input });
    this.#place("animation_frames", node, input);
  }

  /** What the file has for a parameter. */
  #valueOf(parameter: Parameter): unknown {
    const [first] = this.#targets.get(parameter)?.values() ?? [];
    return first === undefined ? undefined : this.#links.inputs(first.node)[first.input];
  }

  /** Notes where a value goes: the input itself, or the literal that is linked into it. */
  #place(parameter: Parameter, node: string, input: string): boolean {
    const target = literalOf(this.#links, node, input, KINDS[parameter]);
    if (target === undefined) return false;
    let places = this.#targets.get(parameter);
    if (places === undefined) this.#targets.set(parameter, places = new Map());
    places.set(`${target.node}:${target.input}`, target);
    return true;
  }
}

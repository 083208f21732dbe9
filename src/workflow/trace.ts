/**
 * Finds out, by following the links of a graph, which inputs carry what a request may set. Pure.
 *
 * It goes by the names of inputs rather than by a list of classes, so that nodes it never heard of
 * (a custom sampler, a conditioning chain, a primitive that feeds a seed) are traced all the same.
 */

import { isFormat } from "./format.ts";
import { type Graph, type GraphNode, isLink, type Link, linksOf } from "./graph.ts";

/** What a request may set in a graph. */
export type Parameter =
  | "prompt"
  | "negative_prompt"
  | "model"
  | "width"
  | "height"
  | "batch_size"
  | "steps"
  | "cfg_scale"
  | "seed"
  | "sampler_name"
  | "scheduler"
  | "denoise"
  | "init_image"
  | "output_format";

/** Every parameter. */
export const PARAMETERS: readonly Parameter[] = [
  "prompt",
  "negative_prompt",
  "model",
  "width",
  "height",
  "batch_size",
  "steps",
  "cfg_scale",
  "seed",
  "sampler_name",
  "scheduler",
  "denoise",
  "init_image",
  "output_format",
];

/** One literal input of one node. */
export interface Target {
  /** Id of the node. */
  readonly node: string;
  /** Name of the input. */
  readonly input: string;
}

/** Where everything is in a graph. */
export interface Trace {
  /** Inputs that each parameter goes to; empty if it has no place. */
  readonly targets: Readonly<Record<Parameter, readonly Target[]>>;
  /** Sampler nodes. */
  readonly samplers: readonly string[];
  /** Nodes with a `lora_name`, nearest to the samplers first. */
  readonly loras: readonly string[];
}

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
const TEXTS: ReadonlySet<string> = new Set([
  "text",
  "text_g",
  "text_l",
  "clip_l",
  "clip_g",
  "t5xxl",
  "prompt",
]);
/** Names of a size's two inputs: a latent's, a scaled image's, and that of the efficiency loaders. */
const SIZES = [["width", "height"], ["empty_latent_width", "empty_latent_height"]] as const;
const FORMAT_INPUT =
  /^(?:extension|format|(?:file|image|output|save)_(?:ext|extension|format|type))$/;
const IMAGE_SOURCES: ReadonlySet<string> = new Set([
  "samples",
  "latent",
  "latent_image",
  "pixels",
  "image",
  "images",
]);
/** Links that lead away from conditioning. */
const NOT_CONDITIONING: ReadonlySet<string> = new Set([
  "clip",
  "model",
  "vae",
  "image",
  "pixels",
  "mask",
  "latent",
  "control_net",
  "clip_vision",
  "clip_vision_output",
  "style_model",
]);

/** Traces a graph from its samplers. */
export function traceGraph(graph: Graph): Trace {
  const tracer = new Tracer(graph);
  const samplers = Object.keys(graph).filter((id) => isSampler(graph[id]));
  for (const id of samplers) tracer.traceSampler(id);
  tracer.placeModels(samplers);
  tracer.placeFormats();
  return { targets: tracer.finish(), samplers, loras: [...tracer.loras] };
}

function isSampler(node: GraphNode | undefined): boolean {
  if (node === undefined) return false;
  const { inputs } = node;
  const latent = isLink(inputs["latent_image"]) || isLink(inputs["latent"]);
  const noise = "seed" in inputs || "noise_seed" in inputs || isLink(inputs["noise"]);
  return latent && noise;
}

class Tracer {
  readonly #graph: Graph;
  readonly #targets = new Map<Parameter, Map<string, Target>>();
  /** Loaders by the sampler that they were found from. */
  readonly #loaders = new Map<string, Target[]>();
  readonly loras = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  traceSampler(id: string): void {
    for (const control of this.#controlsOf(id)) {
      for (const [input, value] of Object.entries(this.#inputs(control))) {
        const setting = SETTINGS[input];
        if (setting !== undefined) this.#place(setting, control, input);
        if (!isLink(value)) continue;
        if (POSITIVES.has(input)) this.#texts("prompt", value, id);
        if (input === "negative") this.#texts("negative_prompt", value, id);
        if (input === "model") this.#models(value, id);
        if (input === "latent_image" || input === "latent") this.#latents(value);
      }
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
      for (const { node, input } of ids.flatMap((id) => this.#loaders.get(id) ?? [])) {
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

  #goesOn(sampler: string): boolean {
    const passes = (node: GraphNode, input: string) => IMAGE_SOURCES.has(input) || isReroute(node);
    return this.#walk([sampler, 0], passes)
      .some((id) => id !== sampler && isSampler(this.#graph[id]));
  }

  /** A text that both prompts lead to belongs to the positive one (a zeroed-out negative, say). */
  finish(): Record<Parameter, readonly Target[]> {
    const positive = this.#targets.get("prompt");
    for (const key of positive?.keys() ?? []) this.#targets.get("negative_prompt")?.delete(key);
    const lists = PARAMETERS.map((parameter) => [
      parameter,
      [...(this.#targets.get(parameter)?.values() ?? [])],
    ]);
    return Object.fromEntries(lists);
  }

  /** The sampler and the nodes that steer it (noise, guider, sigmas), whatever lies between. */
  #controlsOf(sampler: string): string[] {
    return this.#walk(
      [sampler, 0],
      (node, input, id) => CONTROLS.has(input) || (id !== sampler && isReroute(node)),
    );
  }

  #texts(parameter: "prompt" | "negative_prompt", from: Link, sampler: string): void {
    const visit = (link: Link, seen: Set<string>): void => {
      const [id, output] = link;
      if (seen.has(`${id}:${output}`)) return;
      seen.add(`${id}:${output}`);
      const inputs = this.#inputs(id);
      if ("clip" in inputs) {
        for (const input of Object.keys(inputs)) {
          if (TEXTS.has(input)) this.#place(parameter, id, input);
        }
        if (isLink(inputs["clip"])) this.#models(inputs["clip"], sampler);
        return;
      }
      const own = parameter === "prompt" ? "positive" : "negative";
      // Loaders that encode the prompts themselves hold them as texts.
      if (typeof inputs[own] === "string") {
        this.#place(parameter, id, own);
        return;
      }
      // A node that passes both conditionings on (ControlNet) gives positive first, negative second.
      const paired = isLink(inputs["positive"]) && isLink(inputs["negative"]);
      for (const [input, next] of linksOf(this.#node(id))) {
        if (NOT_CONDITIONING.has(input)) continue;
        if (paired && input !== (output === 0 ? "positive" : "negative")) continue;
        visit(next, seen);
      }
    };
    visit(from, new Set());
  }

  /** Along `model` and `clip` up to the loaders, past LoRAs and whatever else patches a model. */
  #models(from: Link, sampler: string): void {
    const passes = (node: GraphNode, input: string) =>
      input === "model" || input === "clip" || input.startsWith("model") || isReroute(node);
    for (const id of this.#walk(from, passes)) {
      const inputs = this.#inputs(id);
      if ("lora_name" in inputs && "strength_model" in inputs) this.loras.add(id);
      for (const input of Object.keys(inputs)) {
        if (!MODEL_NAMES.has(input)) continue;
        const loaders = this.#loaders.get(sampler) ?? [];
        this.#loaders.set(sampler, [...loaders, { node: id, input }]);
      }
    }
  }

  /**
   * Along the latent up to where its size is decided, an empty latent or the scaling of an image, and
   * to the image that it is made from.
   */
  #latents(from: Link): void {
    const passes = (node: GraphNode, input: string) =>
      (IMAGE_SOURCES.has(input) && !isSampler(node)) || isReroute(node);
    const chain = this.#walk(from, passes);
    for (const id of chain) {
      const inputs = this.#inputs(id);
      const size = SIZES.find(([width, height]) => width in inputs && height in inputs);
      if (size !== undefined && !this.#rescales(id, passes)) {
        this.#place("width", id, size[0]);
        this.#place("height", id, size[1]);
      }
      if ("batch_size" in inputs) this.#place("batch_size", id, "batch_size");
      if ("amount" in inputs && isLink(inputs["samples"])) this.#place("batch_size", id, "amount");
      if (typeof inputs["image"] === "string") this.#place("init_image", id, "image");
    }
  }

  /** What scales a latent, or an image generated before, leaves the size that was asked for on purpose. */
  #rescales(id: string, passes: (node: GraphNode, input: string) => boolean): boolean {
    if (isLink(this.#inputs(id)["samples"])) return true;
    return this.#walk([id, 0], passes).some((behind) => isSampler(this.#graph[behind]));
  }

  /** Notes where a value goes: the input itself, or the literal that is linked into it. */
  #place(parameter: Parameter, node: string, input: string): void {
    const target = this.#literal(node, input, new Set());
    if (target === undefined) return;
    let places = this.#targets.get(parameter);
    if (places === undefined) this.#targets.set(parameter, places = new Map());
    places.set(`${target.node}:${target.input}`, target);
  }

  #literal(node: string, input: string, seen: Set<string>): Target | undefined {
    const value = this.#inputs(node)[input];
    if (!isLink(value)) return { node, input };
    if (seen.has(node)) return undefined;
    seen.add(node);
    const source = this.#inputs(value[0]);
    const names = [input, "value", "seed", "int", "float", "number", "string", "text"];
    const literal = names.find((name) => name in source && !isLink(source[name]));
    if (literal !== undefined) return { node: value[0], input: literal };
    const [next] = linksOf(this.#node(value[0]));
    return next === undefined ? undefined : this.#literal(value[0], next[0], seen);
  }

  /** Every node reached from a link through the inputs that `passes` lets through, nearest first. */
  #walk(from: Link, passes: (node: GraphNode, input: string, id: string) => boolean): string[] {
    const found = new Set<string>([from[0]]);
    for (const id of found) {
      const node = this.#node(id);
      for (const [input, [next]] of linksOf(node)) {
        if (passes(node, input, id)) found.add(next);
      }
    }
    return [...found];
  }

  #node(id: string): GraphNode {
    return this.#graph[id] ?? { class_type: "", inputs: {} };
  }

  #inputs(id: string): Record<string, unknown> {
    return this.#node(id).inputs;
  }
}

/** True for the name of an input that holds a prompt. */
export function isText(input: string): boolean {
  return TEXTS.has(input);
}

/** A node that only passes one link on, by any name. */
function isReroute(node: GraphNode): boolean {
  return Object.keys(node.inputs).length === 1 && linksOf(node).length === 1;
}

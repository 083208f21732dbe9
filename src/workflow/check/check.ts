/** Compares a graph with what a server has and takes, before it is posted. Pure. */

// Not by `mod.ts`: that would load zod and all schemas into each isolate, 10 MB.
import { nearestNames } from "../../protocol/names.ts";
import { copyGraph, type Graph, isLink, nodeLabel } from "../graph.ts";
import type { Parameter, Target } from "../parameters.ts";
import { plain, quote } from "../quote.ts";
import type { Contract } from "../template/contract.ts";
import { chooseName, didYouMean } from "./choices.ts";
import { completeChoice } from "./complete.ts";
import { type Declared, declaredInputs } from "./declared.ts";
import {
  accepts,
  DYNAMIC_CHOICE,
  type InputSpec,
  type NodeClasses,
  outputTypes,
  typeName,
} from "./node_info.ts";
import { findCircle, reachedNodes } from "./reach.ts";
import { isWithin, unwrap } from "./values.ts";

/** Something that the server would refuse, as a reply to a client tells it. */
export interface Problem {
  /** Which kind of refusal it is. */
  readonly code: "invalid_parameter" | "model_not_found";
  /** The sentence. */
  readonly message: string;
  /** The parameter of the request at fault; undefined if the workflow itself is. */
  readonly parameter: Parameter | "lora" | undefined;
}

/** What a check found. */
export interface CheckedGraph {
  /** The graph with the server's spelling of model files. */
  readonly graph: Graph;
  /** What is wrong with it, those first that come first in the graph. */
  readonly problems: readonly Problem[];
  /** Classes that the server does not have and puts others in place of, with those. */
  readonly replaced: ReadonlyMap<string, string>;
}

/** The workflow that a graph was made from. */
export interface CheckedTemplate {
  /** Its name. */
  readonly name: string;
  /** The graph in its file: what differs is the request's. */
  readonly graph?: Graph;
  /** Which inputs a request sets. */
  readonly contract: Contract;
  /** Where the latents of videos count their frames. @default where a request sets them */
  readonly trace?: { readonly frameCounts: readonly Target[] };
}

/** Classes that a server puts in place of others, by the others' names (`GET /node_replacements`). */
export type Replacements = Readonly<Record<string, string>>;

/**
 * Checks what ComfyUI checks: that each class is there, and of all nodes that outputs depend on every
 * input. Inputs that a class does not know are ignored by ComfyUI too.
 */
export function checkGraph(
  template: CheckedTemplate,
  graph: Graph,
  classes: NodeClasses,
  replacements: Replacements = {},
): CheckedGraph {
  const checker = new GraphChecker(template, copyGraph(graph), { classes, replacements });
  checker.check();
  return { graph: checker.graph, problems: checker.problems, replaced: checker.replaced };
}

class GraphChecker {
  readonly graph: Graph;
  readonly problems: Problem[] = [];
  readonly replaced = new Map<string, string>();
  readonly #template: CheckedTemplate;
  readonly #classes: NodeClasses;
  readonly #replacements: Replacements;

  constructor(
    template: CheckedTemplate,
    graph: Graph,
    server: { classes: NodeClasses; replacements: Replacements },
  ) {
    this.#template = template;
    this.graph = graph;
    this.#classes = server.classes;
    this.#replacements = server.replacements;
  }

  check(): void {
    const ids = Object.keys(this.graph);
    const known = ids.filter((id) => this.#checkClass(id));
    const reached = reachedNodes(this.graph, this.#classes);
    const circle = findCircle(this.graph, reached);
    if (circle !== undefined) {
      const names = circle.map((id) => nodeLabel(this.graph, id)).join(", ");
      this.#blameWorkflow(`has a circle of links: ${names}`);
    }
    for (const id of known) if (reached.has(id)) this.#checkNode(id);
    this.#checkFrames(reached);
  }

  /** False for a node whose inputs cannot be compared with anything. */
  #checkClass(id: string): boolean {
    const node = this.graph[id];
    if (node === undefined) return false;
    if (this.#infoOf(id) !== undefined) return true;
    const name = node.class_type;
    const other = Object.hasOwn(this.#replacements, name) ? this.#replacements[name] : undefined;
    if (other !== undefined) {
      // ComfyUI 0.33.0 fails at replacing a node without it.
      node._meta ??= { title: name };
      this.replaced.set(name, other);
      return false;
    }
    const near = didYouMean(nearestNames(name, Object.keys(this.#classes)));
    const why = `the node class ${JSON.stringify(name)}, which the server does not have`;
    this.#blameWorkflow(`needs ${why}${near || "; install it there"}`);
    return false;
  }

  #checkNode(id: string): void {
    const node = this.graph[id];
    const info = this.#infoOf(id);
    if (node === undefined || info === undefined) return;
    const before = this.#template.graph?.[id]?.inputs ?? node.inputs;
    this.#spellChoices(id, declaredInputs(info, node.inputs));
    completeChoice(node.inputs, before, info);
    const declared = declaredInputs(info, node.inputs);
    const lacking = declared.find(({ name, isRequired }) => isRequired && !(name in node.inputs));
    if (lacking !== undefined) {
      this.#blameWorkflow(`has no value for ${lacking.name} of ${nodeLabel(this.graph, id)}`);
    }
    for (const { name, spec } of declared) {
      const value = node.inputs[name];
      if (!(name in node.inputs)) continue;
      if (isLink(value)) this.#checkLink(id, name, value, spec);
      else this.#checkValue(id, name, value, spec);
    }
  }

  /** Which further inputs there are depends on some choices, so these get their spelling first. */
  #spellChoices(id: string, declared: readonly Declared[]): void {
    for (const { name, spec } of declared) {
      const value = this.graph[id]?.inputs[name];
      if (spec.type !== DYNAMIC_CHOICE || typeof value !== "string") continue;
      const choice = chooseName(value, spec, this.#parameterOf(id, name));
      if (choice.type === "found") this.#spell(id, name, choice.name);
    }
  }

  #checkLink(id: string, input: string, link: readonly [string, number], spec: InputSpec): void {
    if (this.graph[link[0]] === undefined) {
      const label = nodeLabel(this.graph, id);
      return this.#blameWorkflow(
        `links ${input} of ${label} to node ${link[0]}, which is not there`,
      );
    }
    const source = this.#infoOf(link[0]);
    if (source === undefined) return;
    const type = outputTypes(source)[link[1]];
    if (type !== undefined && accepts(spec.taken, type)) return;
    const given = type === undefined ? "which is none" : typeName(type);
    this.#blameWorkflow(
      `links output ${link[1]} of ${nodeLabel(this.graph, link[0])}, ${given}, ` +
        `to ${input} of ${nodeLabel(this.graph, id)}, which takes ${spec.type}`,
    );
  }

  #checkValue(id: string, input: string, value: unknown, spec: InputSpec): void {
    if (Array.isArray(value)) {
      const remedy = `write it as { "__value__": ${quote(value)} }`;
      const label = nodeLabel(this.graph, id);
      return this.#blameWorkflow(`has a bare list for ${input} of ${label}; ${remedy}`);
    }
    const plain = unwrap(value);
    if (spec.type === "INT" || spec.type === "FLOAT") this.#checkNumber(id, input, plain, spec);
    else if (spec.choices !== undefined) this.#checkChoice(id, input, plain, spec);
  }

  #checkNumber(id: string, input: string, value: unknown, spec: InputSpec): void {
    if (isWithin(value, spec)) return;
    const { min, max } = spec;
    const limits = [min === undefined ? "" : `from ${min}`, max === undefined ? "" : `to ${max}`];
    const expected = ["a number", ...limits].filter((part) => part !== "").join(" ");
    const what = `ComfyUI takes ${expected} for ${input} of ${nodeLabel(this.graph, id)}`;
    this.#blame(id, input, `${what}, got ${quote(value)}`);
  }

  /** A latent of a video stands for several frames, and would leave the rest out. */
  #checkFrames(reached: ReadonlySet<string>): void {
    const [slot] = this.#template.contract.filter((one) => one.parameter === "animation_frames");
    if (slot === undefined) return;
    // What is linked into the latent stands elsewhere.
    const frames = Number(this.graph[slot.node]?.inputs[slot.input]);
    const { frameCounts = [] } = this.#template.trace ?? {};
    for (const { node, input } of frameCounts.length > 0 ? frameCounts : [slot]) {
      const declared = declaredInputs(this.#infoOf(node), this.graph[node]?.inputs ?? {});
      const spec = declared.find(({ name }) => name === input)?.spec;
      if (reached.has(node) && spec !== undefined) this.#checkFrameCount(frames, spec);
    }
  }

  #checkFrameCount(frames: number, { min = 1, options }: InputSpec): void {
    const step = options["step"];
    if (typeof step !== "number" || !(step > 1) || !Number.isInteger(frames)) return;
    const below = frames - (frames - Number(min)) % step;
    if (below === frames) return;
    const what = `${this.#template.name} makes ${Number(min)} frames and multiples of ${step} more`;
    const parameter = "animation_frames";
    const message = `Invalid parameter: ${parameter}: ${what}; ask for ${below} or ${below + step}`;
    this.problems.push({ code: "invalid_parameter", message, parameter });
  }

  #checkChoice(id: string, input: string, value: unknown, spec: InputSpec): void {
    if (Array.isArray(value)) return this.#checkChoices(id, input, value, spec);
    const spelled = this.#chosen(id, input, value, spec);
    if (spelled !== value) this.#spell(id, input, spelled);
  }

  /** A choice of several: each is spelled as the server does, and the list stays one. */
  #checkChoices(id: string, input: string, values: readonly unknown[], spec: InputSpec): void {
    const spelled = values.map((value) => this.#chosen(id, input, value, spec));
    if (spelled.every((value, i) => value === values[i])) return;
    this.#spell(id, input, { __value__: spelled });
  }

  /** The server's spelling of a value, or the value as it is after saying what is wrong with it. */
  #chosen(id: string, input: string, value: unknown, spec: InputSpec): unknown {
    const parameter = this.#parameterOf(id, input);
    const choice = chooseName(value, spec, parameter);
    if (choice.type === "found") return choice.name;
    if (choice.type === "missing") this.#blameChoice(id, input, value, choice.near);
    return value;
  }

  #blameChoice(id: string, input: string, value: unknown, similar: readonly string[]): void {
    const parameter = this.#parameterOf(id, input);
    const name = plain(value);
    if (parameter === "model" || parameter === "lora") {
      return this.#blameModel(parameter, name, similar);
    }
    const label = nodeLabel(this.graph, id);
    if (parameter === "init_image") {
      const why = `${this.#template.name} starts from ${
        JSON.stringify(name)
      }, which ComfyUI does not have`;
      return this.#blame(id, input, `${why}; give an image`);
    }
    const near = didYouMean(similar);
    this.#blame(id, input, `ComfyUI has no ${quote(value)} for ${input} of ${label}${near}`);
  }

  #spell(id: string, input: string, name: unknown): void {
    const inputs = this.graph[id]?.inputs;
    if (inputs !== undefined) inputs[input] = name;
  }

  #blameModel(parameter: "model" | "lora", name: string, near: readonly string[]): void {
    const message = `Model not found: ${name}${didYouMean(near)}`;
    this.problems.push({ code: "model_not_found", message, parameter });
  }

  #blame(id: string, input: string, why: string): void {
    const parameter = this.#parameterOf(id, input);
    if (parameter === undefined) return this.#blameWorkflow(`does not fit the server: ${why}`);
    const field = parameter === "width" || parameter === "height" ? "size" : parameter;
    const message = `Invalid parameter: ${field}: ${why}`;
    this.problems.push({ code: "invalid_parameter", message, parameter });
  }

  #blameWorkflow(why: string): void {
    const message = `Invalid parameter: workflow: ${this.#template.name} ${why}`;
    this.problems.push({ code: "invalid_parameter", message, parameter: undefined });
  }

  /** Loaders of LoRAs may have been inserted: they are in no contract. */
  #parameterOf(id: string, input: string): Parameter | "lora" | undefined {
    if (input === "lora_name") return "lora";
    const slots = this.#template.contract;
    return slots.find((slot) => slot.node === id && slot.input === input)?.parameter;
  }

  #infoOf(id: string): unknown {
    const name = this.graph[id]?.class_type ?? "";
    return Object.hasOwn(this.#classes, name) ? this.#classes[name] : undefined;
  }
}

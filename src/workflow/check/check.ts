/** Compares a graph with what a server has and takes, before it is posted. Pure. */

// Not by `mod.ts`: that would load zod and all schemas into each isolate, 10 MB.
import { matchModelName, nearestNames } from "../../protocol/names.ts";
import type { Contract } from "../template/contract.ts";
import { formatKey } from "../format.ts";
import { type Graph, isLink, nodeLabel } from "../graph.ts";
import {
  accepts,
  type InputSpec,
  inputSpec,
  type NodeClasses,
  outputTypes,
  requiredInputs,
} from "./node_info.ts";
import type { Parameter } from "../parameters.ts";

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
}

/** The workflow that a graph was made from. */
export interface CheckedTemplate {
  /** Its name. */
  readonly name: string;
  /** Which inputs a request sets. */
  readonly contract: Contract;
}

/** Checks every node and input of a graph. Inputs that a class does not know are ignored by ComfyUI too. */
export function checkGraph(
  template: CheckedTemplate,
  graph: Graph,
  classes: NodeClasses,
): CheckedGraph {
  const checker = new GraphChecker(template, structuredClone(graph), classes);
  for (const id of Object.keys(graph)) checker.checkNode(id);
  return { graph: checker.graph, problems: checker.problems };
}

class GraphChecker {
  readonly graph: Graph;
  readonly problems: Problem[] = [];
  readonly #template: CheckedTemplate;
  readonly #classes: NodeClasses;

  constructor(template: CheckedTemplate, graph: Graph, classes: NodeClasses) {
    this.#template = template;
    this.graph = graph;
    this.#classes = classes;
  }

  checkNode(id: string): void {
    const node = this.graph[id];
    if (node === undefined) return;
    const info = this.#infoOf(id);
    if (info === undefined) {
      const name = node.class_type;
      const near = didYouMean(nearestNames(name, Object.keys(this.#classes)));
      const why = `the node class ${JSON.stringify(name)}, which the server does not have`;
      return this.#blameWorkflow(`needs ${why}${near || "; install it there"}`);
    }
    const lacking = requiredInputs(info).find((input) => !(input in node.inputs));
    if (lacking !== undefined) {
      this.#blameWorkflow(`has no value for ${lacking} of ${nodeLabel(this.graph, id)}`);
    }
    for (const [input, value] of Object.entries(node.inputs)) {
      const spec = inputSpec(info, input);
      if (spec === undefined) continue;
      if (isLink(value)) this.#checkLink(id, input, value, spec);
      else this.#checkValue(id, input, value, spec);
    }
  }

  #checkLink(id: string, input: string, link: readonly [string, number], spec: InputSpec): void {
    const source = this.#infoOf(link[0]);
    if (source === undefined) return;
    const type = outputTypes(source)[link[1]];
    if (type !== undefined && accepts(spec.type, type)) return;
    this.#blameWorkflow(
      `links output ${link[1]} of ${nodeLabel(this.graph, link[0])}, ${type ?? "which is none"}, ` +
        `to ${input} of ${nodeLabel(this.graph, id)}, which takes ${spec.type}`,
    );
  }

  #checkValue(id: string, input: string, value: unknown, spec: InputSpec): void {
    if (spec.type === "INT" || spec.type === "FLOAT") this.#checkNumber(id, input, value, spec);
    else if (spec.choices !== undefined) this.#checkChoice(id, input, value, spec);
  }

  #checkNumber(id: string, input: string, value: unknown, { min, max }: InputSpec): void {
    const number = Number(value);
    const limits = [min === undefined ? "" : `from ${min}`, max === undefined ? "" : `to ${max}`];
    const within = number >= (min ?? -Infinity) && number <= (max ?? Infinity);
    if (within) return;
    const expected = ["a number", ...limits].filter((part) => part !== "").join(" ");
    const what = `ComfyUI takes ${expected} for ${input} of ${nodeLabel(this.graph, id)}`;
    this.#blame(id, input, `${what}, got ${JSON.stringify(value)}`);
  }

  #checkChoice(id: string, input: string, value: unknown, spec: InputSpec): void {
    const choices = spec.choices ?? [];
    // A choice of several is a list.
    if (choices.includes(value) || Array.isArray(value)) return;
    const name = String(value);
    // A file in a folder, or of another area, is there although it is not listed.
    if (spec.isUpload && /[/[]/.test(name)) return;
    const names = choices.filter((choice) => typeof choice === "string");
    const parameter = this.#parameterOf(id, input);
    if (parameter === "output_format") {
      const same = names.find((choice) => formatKey(choice) === formatKey(name));
      if (same !== undefined) return this.#spell(id, input, same);
    }
    const isModel = parameter === "model" || parameter === "lora";
    if (isModel || names.some(isModelFile)) {
      const match = matchModelName(name, names);
      if (match.type === "found") return this.#spell(id, input, match.name);
      const near = match.type === "several" ? match.names : nearestNames(name, names);
      if (isModel) return this.#blameModel(parameter, name, near);
    }
    const label = nodeLabel(this.graph, id);
    if (parameter === "init_image") {
      const why = `${this.#template.name} starts from ${
        JSON.stringify(name)
      }, which ComfyUI does not have`;
      return this.#blame(id, input, `${why}; give an image`);
    }
    const near = didYouMean(nearestNames(name, names));
    this.#blame(
      id,
      input,
      `ComfyUI has no ${JSON.stringify(name)} for ${input} of ${label}${near}`,
    );
  }

  #spell(id: string, input: string, name: string): void {
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

function isModelFile(name: string): boolean {
  return /\.(?:safetensors|ckpt|pt2?|pth|bin|pkl|sft)$/i.test(name);
}

/** Ends a sentence; empty if there is nothing to suggest. */
function didYouMean(names: readonly string[]): string {
  if (names.length === 0) return "";
  const quoted = names.map((name) => JSON.stringify(name));
  const all = [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter(Boolean).join(" or ");
  return `; did you mean ${all}?`;
}

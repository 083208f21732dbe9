/** A workflow file, read, checked and traced once. */

import { ConfigError } from "../../errors.ts";
import type { PixelOptions } from "../../protocol/mod.ts";
import { type Graph, linksOf, parseGraph } from "../graph.ts";
import type { Parameter, Target, Trace } from "../parameters.ts";
import type { Affixes } from "../text/words.ts";
import { latentPixels } from "../trace/sizes.ts";
import { traceGraph } from "../trace/trace.ts";
import { compileContract, type Contract } from "./contract.ts";
import { NO_MAPPING, parseMapping } from "./mapping.ts";
import { ambiguityText, missingText } from "./remedy.ts";

/** A workflow that requests can be written into. */
export interface Template {
  /** File name without `.json`. */
  readonly name: string;
  /** The graph as it stands in the file. Not to be changed. */
  readonly graph: Graph;
  /** The same, for `JSON.stringify()` alone: with the numbers spelled as in the file. */
  readonly spelled: Graph;
  /** Which inputs carry what. */
  readonly trace: Trace;
  /** Which inputs carry what, as what. */
  readonly contract: Contract;
  /** What a request may name although nothing takes it. */
  readonly ignored: ReadonlySet<Parameter>;
  /** What every prompt gets. */
  readonly affixes: Affixes;
  /** Of a video, every image with a number that this divides is a frame of the animation. */
  readonly frameStep: number;
  /** How its images are made pixel art unless a request says; undefined if it does not say. */
  readonly pixel: PixelOptions | undefined;
}

/** Without these a request would be answered with an image of something else. */
const NEEDED: readonly Parameter[] = ["prompt", "model", "seed"];

/**
 * Makes a template of a parsed JSON file.
 *
 * @param mapping The parsed `NAME.map.json`, if there is one.
 * @param spelled The file by `parseAsSpelled()`.
 * @throws {ConfigError} `invalid_workflow` if it is no API graph, or if prompt, model or seed of a
 *   request would go nowhere, or a prompt in place of one of several texts.
 */
export function createTemplate(
  name: string,
  json: unknown,
  mapping?: unknown,
  spelled: unknown = json,
): Template {
  const graph = unwrapped(parseGraph(json, name));
  const { targets: places, ignored, affixes, frameStep, pixel } = mapping === undefined
    ? NO_MAPPING
    : parseMapping(mapping, graph, `${name}.map.json`);
  const found = traceGraph(graph);
  if (found.samplers.length === 0 && places.size === 0) throw invalid(name, "it has no sampler");
  const isOpen = (parameter: Parameter) => !places.has(parameter) && !ignored.has(parameter);
  const ambiguity = found.ambiguities.find(({ parameter }) => isOpen(parameter));
  if (ambiguity !== undefined) throw invalid(name, ambiguityText(graph, name, ambiguity));
  const targets = { ...found.targets, ...Object.fromEntries(places) };
  for (const parameter of ignored) targets[parameter] = [];
  const missing = NEEDED.filter((parameter) =>
    targets[parameter].length === 0 && !ignored.has(parameter)
  );
  if (missing.length > 0) throw invalid(name, missingText(graph, name, missing, targets));
  const contract = compileContract(graph, targets, name);
  const sizeMultiple = mappedMultiple(graph, found, places.get("width")) ?? found.sizeMultiple;
  const trace = { ...found, targets, sizeMultiple };
  return {
    name,
    graph,
    spelled: unwrapped(spelled as Graph),
    trace,
    contract,
    ignored,
    affixes,
    frameStep,
    pixel,
  };
}

/** ComfyUI takes `{ "__value__": x }` for x, which only a list needs: a bare one would be a link. */
function unwrapped(graph: Graph): Graph {
  const plain = (value: unknown) => {
    if (typeof value !== "object" || value === null || !("__value__" in value)) return value;
    return Array.isArray(value["__value__"]) ? value : value["__value__"];
  };
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => {
      const inputs = Object.entries(node.inputs).map(([name, value]) => [name, plain(value)]);
      return [id, { ...node, inputs: Object.fromEntries(inputs) }];
    }),
  );
}

/** A size that is mapped to what comes before a sampler goes into its latent; behind one, any will do. */
function mappedMultiple(
  graph: Graph,
  { samplers }: Trace,
  widths: readonly Target[] | undefined,
): number | undefined {
  if (widths === undefined) return undefined;
  const before = new Set(samplers);
  for (const id of before) {
    const node = graph[id];
    for (const [, [source]] of node === undefined ? [] : linksOf(node)) before.add(source);
  }
  const pixels = widths.filter(({ node }) => before.has(node))
    .map(({ node }) => latentPixels(graph[node]?.class_type ?? ""));
  return Math.max(1, ...pixels);
}

function invalid(name: string, why: string): ConfigError {
  return new ConfigError("invalid_workflow", `Cannot use the workflow ${name}: ${why}`);
}

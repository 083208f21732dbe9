/** A workflow file, read, checked and traced once. */

import { ConfigError } from "../errors.ts";
import { compileContract, type Contract } from "./contract.ts";
import { type Graph, parseGraph } from "./graph.ts";
import { applyTitles } from "./hints.ts";
import { NO_MAPPING, parseMapping } from "./mapping.ts";
import { type Parameter, type Trace, traceGraph } from "./trace.ts";

/** A workflow that requests can be written into. */
export interface Template {
  /** File name without `.json`. */
  readonly name: string;
  /** The graph as it stands in the file. Not to be changed. */
  readonly graph: Graph;
  /** Which inputs carry what. */
  readonly trace: Trace;
  /** Which inputs carry what, as what. */
  readonly contract: Contract;
  /** What a request may name although nothing takes it. */
  readonly ignored: ReadonlySet<Parameter>;
}

/** Without these a request would be answered with an image of something else. */
const NEEDED: readonly Parameter[] = ["prompt", "model", "seed"];

/**
 * Makes a template of a parsed JSON file.
 *
 * @param mapping The parsed `NAME.map.json`, if there is one.
 * @throws {ConfigError} `invalid_workflow` if it is no API graph, or if prompt, model or seed of a
 *   request would go nowhere.
 */
export function createTemplate(name: string, json: unknown, mapping?: unknown): Template {
  const graph = parseGraph(json, name);
  const { targets: places, ignored } = mapping === undefined
    ? NO_MAPPING
    : parseMapping(mapping, graph, `${name}.map.json`);
  const found = traceGraph(graph);
  if (found.samplers.length === 0 && places.size === 0) {
    throw new ConfigError("invalid_workflow", `Cannot use the workflow ${name}: it has no sampler`);
  }
  const targets = { ...applyTitles(graph, found.targets), ...Object.fromEntries(places) };
  for (const parameter of ignored) targets[parameter] = [];
  const missing = NEEDED.filter((parameter) =>
    targets[parameter].length === 0 && !ignored.has(parameter)
  );
  if (missing.length > 0) {
    throw new ConfigError(
      "invalid_workflow",
      `Cannot use the workflow ${name}: no node takes the ${
        missing.join(" or the ")
      } of a request; link a text encoder, a model loader and a seed to its sampler, ` +
        `or name their nodes in ${name}.map.json`,
    );
  }
  const contract = compileContract(graph, targets, name);
  return { name, graph, trace: { ...found, targets }, contract, ignored };
}

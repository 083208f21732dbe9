/** A workflow file, read, checked and traced once. */

import { ConfigError } from "../errors.ts";
import { compileContract, type Contract } from "./contract.ts";
import { type Graph, parseGraph } from "./graph.ts";
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
}

/** Without these a request would be answered with a picture of something else. */
const NEEDED: readonly Parameter[] = ["prompt", "model", "seed"];

/**
 * Makes a template of a parsed JSON file.
 *
 * @throws {ConfigError} `invalid_workflow` if it is no API graph, or if prompt, model or seed of a
 *   request would go nowhere.
 */
export function createTemplate(name: string, json: unknown): Template {
  const graph = parseGraph(json, name);
  const trace = traceGraph(graph);
  if (trace.samplers.length === 0) {
    throw new ConfigError("invalid_workflow", `Cannot use the workflow ${name}: it has no sampler`);
  }
  const missing = NEEDED.filter((parameter) => trace.targets[parameter].length === 0);
  if (missing.length > 0) {
    throw new ConfigError(
      "invalid_workflow",
      `Cannot use the workflow ${name}: no node takes the ${
        missing.join(" or the ")
      } of a request; ` +
        "link a text encoder, a model loader and a seed to its sampler",
    );
  }
  return { name, graph, trace, contract: compileContract(graph, trace.targets, name) };
}

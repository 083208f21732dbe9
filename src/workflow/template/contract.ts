/** What a template promises about its inputs: compiled once, when the file is read. Pure. */

import { ConfigError } from "../../errors.ts";
import { type Graph, nodeLabel } from "../graph.ts";
import { type Parameter, PARAMETERS, type Target, type Targets } from "../parameters.ts";
import { quote } from "../quote.ts";

/** What an input takes. */
export type SlotType = "text" | "integer" | "number" | "choice" | "image";

/** An input that a parameter of a request is written to. */
export interface Slot extends Target {
  /** The parameter. */
  readonly parameter: Parameter;
  /** ComfyUI's class of the node. */
  readonly nodeClass: string;
  /** What is written. */
  readonly type: SlotType;
}

/** Every input of a template that a request may set. */
export type Contract = readonly Slot[];

const TYPES: Readonly<Record<Parameter, SlotType>> = {
  prompt: "text",
  negative_prompt: "text",
  model: "choice",
  width: "integer",
  height: "integer",
  batch_size: "integer",
  animation_frames: "integer",
  steps: "integer",
  cfg_scale: "number",
  seed: "integer",
  sampler_name: "choice",
  scheduler: "choice",
  denoise: "number",
  init_image: "image",
  output_format: "choice",
};

/**
 * Lists which parameter goes to which input of which node, as what.
 *
 * @param source How to call the file in messages.
 * @throws {ConfigError} `invalid_workflow` if the value that stands there is of another type.
 */
export function compileContract(
  graph: Graph,
  targets: Targets,
  source: string,
): Contract {
  return PARAMETERS.flatMap((parameter) =>
    targets[parameter].map(({ node, input }) => {
      const type = TYPES[parameter];
      const value = graph[node]?.inputs[input];
      if (!fits(type, value)) {
        throw new ConfigError(
          "invalid_workflow",
          `Cannot use the workflow ${source}: ${parameter} would go to ${input} of ` +
            `${nodeLabel(graph, node)}, which holds ${quote(value)} (expected: ${type})`,
        );
      }
      return { parameter, node, input, nodeClass: graph[node]?.class_type ?? "", type };
    })
  );
}

/** ComfyUI reads numbers from texts too. */
function fits(type: SlotType, value: unknown): boolean {
  if (type !== "integer" && type !== "number") return typeof value === "string";
  if (typeof value === "bigint") return true;
  if (typeof value !== "number" && typeof value !== "string") return false;
  return type === "integer" ? Number.isInteger(Number(value)) : Number.isFinite(Number(value));
}

/** Writes what a request asks for into a copy of a template's graph. Pure. */

import { JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { type Graph, isLink } from "./graph.ts";
import { applyLoras } from "./lora.ts";
import type { Template } from "./template.ts";
import type { Parameter } from "./trace.ts";

/** What to write besides the request. */
export interface BindOptions {
  /** Seed to use; the request's own, or the one drawn for the job. */
  seed: number;
}

/**
 * Makes the graph of one job.
 *
 * @throws {JobError} `invalid_parameter` when the template has no place for something that was asked
 *   for; nothing is ever silently left out.
 */
export function bindTemplate(
  template: Template,
  request: GenerateRequest,
  options: BindOptions,
): Graph {
  refuseUnsupported(request);
  const graph = structuredClone(template.graph);
  scaleStepWindows(graph, template, request.steps);
  for (const [parameter, value] of values(request, options)) {
    const targets = template.trace.targets[parameter];
    if (targets.length === 0) throw unplaced(template, request, parameter);
    for (const { node, input } of targets) {
      const inputs = graph[node]?.inputs;
      if (inputs !== undefined) inputs[input] = value;
    }
  }
  applyLoras(graph, template, request);
  return graph;
}

function values(request: GenerateRequest, options: BindOptions): [Parameter, unknown][] {
  const [width, height] = request.size;
  const all: [Parameter, unknown][] = [
    ["prompt", request.prompt],
    ["negative_prompt", request.negative_prompt],
    ["model", request.model],
    ["width", width],
    ["height", height],
    ["steps", request.steps],
    ["cfg_scale", request.cfg_scale],
    ["seed", options.seed],
    ["batch_size", request.batch_size],
    ["sampler_name", request.sampler_name],
    ["scheduler", request.scheduler],
    ["denoise", request.denoise],
  ];
  return all.filter(([, value]) => value !== undefined);
}

/** A base and a refiner share the steps: their windows keep their proportion. */
function scaleStepWindows(graph: Graph, template: Template, steps: number): void {
  for (const { node } of template.trace.targets.steps) {
    const inputs = graph[node]?.inputs ?? {};
    const before = inputs["steps"];
    if (typeof before !== "number" || before === steps) continue;
    for (const edge of ["start_at_step", "end_at_step"]) {
      const at = inputs[edge];
      if (typeof at !== "number" || isLink(at) || at > before) continue;
      inputs[edge] = Math.round(at * steps / before);
    }
  }
}

const FIELDS: Partial<Record<Parameter, string>> = { width: "size", height: "size" };

function unplaced(template: Template, request: GenerateRequest, parameter: Parameter): JobError {
  const field = FIELDS[parameter] ?? parameter;
  const why = request.workflow === undefined
    ? `the workflow ${template.name}, chosen for this request, has no place for it`
    : `the workflow ${template.name} has no place for it`;
  return new JobError("invalid_parameter", `Invalid parameter: ${field}: ${why}`);
}

const UNSUPPORTED = ["animation_frames", "tileset_grid", "init_image"] as const;

function refuseUnsupported(request: GenerateRequest): void {
  const field = UNSUPPORTED.find((name) => request[name] !== undefined);
  if (field === undefined) return;
  throw new JobError(
    "invalid_parameter",
    `Invalid parameter: ${field}: this version cannot do it; leave the field out`,
  );
}

/** Writes what a request asks for into a copy of a template's graph. Pure. */

import { JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { spellFormat } from "./format.ts";
import { type Graph, isLink } from "./graph.ts";
import { applyLoras } from "./lora.ts";
import type { Template } from "./template.ts";
import type { Parameter } from "./trace.ts";

/** What to write besides the request. */
export interface BindOptions {
  /** Seed to use; the request's own, or the one drawn for the job. */
  seed: number;
  /**
   * What the node that loads the request's `init_image` takes.
   * @default a name that stands for it, for a request that is only checked
   */
  initImage?: string;
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
  refuseContradictions(request);
  const graph = structuredClone(template.graph);
  scaleStepWindows(graph, template, request.steps);
  for (const [parameter, value] of values(request, options)) {
    if (template.ignored.has(parameter)) continue;
    const targets = template.trace.targets[parameter];
    if (targets.length === 0) throw unplaced(template, request, parameter);
    for (const { node, input } of targets) {
      const inputs = graph[node]?.inputs;
      if (inputs === undefined) continue;
      inputs[input] = parameter === "output_format"
        ? spellFormat(String(value), inputs[input])
        : value;
    }
  }
  applyLoras(graph, template, request);
  return graph;
}

/** With its folder it is none of the files that a server lists, so no check can take it for one. */
const UNNAMED = "dgx-pixels/init-image";

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
    ["batch_size", request.animation_frames ?? request.batch_size],
    ["sampler_name", request.sampler_name],
    ["scheduler", request.scheduler],
    ["denoise", request.denoise],
    ["output_format", request.output_format],
    ["init_image", request.init_image === undefined ? undefined : options.initImage ?? UNNAMED],
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

/** Fields that no request can leave out. */
const ALWAYS_GIVEN: ReadonlySet<string> = new Set([
  "prompt",
  "model",
  "size",
  "steps",
  "cfg_scale",
]);

function unplaced(template: Template, request: GenerateRequest, parameter: Parameter): JobError {
  const frames = parameter === "batch_size" && request.animation_frames !== undefined;
  const field = frames ? "animation_frames" : FIELDS[parameter] ?? parameter;
  const chosen = request.workflow === undefined ? ", chosen for this request," : "";
  const remedy = ALWAYS_GIVEN.has(field) ? "name another workflow" : "leave the field out";
  const why = `the workflow ${template.name}${chosen} has no place for it; ${remedy}`;
  return invalid(field, why);
}

/** A latent pixel is as wide as these of the image: what is left over is never generated. */
const LATENT_PIXELS = 8;

/** What a request cannot ask for at once, whatever the workflow. */
function refuseContradictions(request: GenerateRequest): void {
  const { animation_frames: frames, batch_size: batch = 1, tileset_grid: grid } = request;
  if (frames !== undefined && batch > 1) {
    throw invalid("animation_frames", "give either animation_frames or batch_size, not both");
  }
  if (grid === undefined) return;
  if (frames !== undefined) {
    throw invalid("tileset_grid", "give either tileset_grid or animation_frames, not both");
  }
  refuseUnevenGrid(grid, request.size);
}

function refuseUnevenGrid(grid: [number, number], size: [number, number]): void {
  const edges = [["width", "columns"], ["height", "rows"]] as const;
  for (const [axis, [edge, tiles]] of edges.entries()) {
    const [pixels = 0, count = 1] = [size[axis], grid[axis]];
    if (pixels % count === 0 && pixels % LATENT_PIXELS === 0) continue;
    throw invalid(
      "tileset_grid",
      `a ${edge} of ${pixels} cannot be cut into ${count} ${tiles} of whole pixels; ` +
        `ask for a multiple of ${leastCommonMultiple(count, LATENT_PIXELS)}`,
    );
  }
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

function invalid(field: string, why: string): JobError {
  return new JobError("invalid_parameter", `Invalid parameter: ${field}: ${why}`);
}

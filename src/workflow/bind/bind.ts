/** Writes what a request asks for into a copy of a template's graph. Pure. */

import type { JobError } from "../../errors.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { refuseAnimationContradictions } from "../animation/contradictions.ts";
import { planFrames } from "../animation/frames.ts";
import { isDelivered, spellFormat } from "../format.ts";
import { copyGraph, type Graph } from "../graph.ts";
import { invalid } from "../invalid.ts";
import type { Parameter } from "../parameters.ts";
import { remembered } from "../remember.ts";
import type { Template } from "../template/template.ts";
import { Links } from "../trace/links.ts";
import { literalOf } from "../trace/literals.ts";
import type { TriggerWords } from "../text/words.ts";
import { generatedSize } from "./fit.ts";
import { applyLoras } from "./lora.ts";
import { writeWords } from "./words.ts";

/** What to write besides the request. */
export interface BindOptions {
  /** Seed to use; the request's own, or the one drawn for the job. */
  seed: number;
  /**
   * What the node that loads the request's `init_image` takes.
   * @default a name that stands for it, for a request that is only checked
   */
  initImage?: string;
  /** Words that LoRAs wait for. @default none */
  triggers?: TriggerWords;
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
  refuseUnevenGrid(template, request);
  const graph = copyGraph(template.graph);
  scaleStepWindows(graph, template, request.steps);
  const written = new Map<string, unknown>();
  for (const [parameter, value] of values(template, request, options)) {
    if (template.ignored.has(parameter)) continue;
    const targets = template.trace.targets[parameter];
    // A node without a choice of formats saves PNG files, which can be converted to a few others.
    if (parameter === "output_format" && targets.length === 0 && isDelivered(String(value))) {
      continue;
    }
    if (targets.length === 0) throw unplaced(template, request, parameter);
    if (TEXTS.has(parameter)) continue;
    for (const { node, input } of targets) {
      const inputs = graph[node]?.inputs;
      if (inputs === undefined) continue;
      const before = written.get(`${node}:${input}`) ?? value;
      if (before !== value) throw contradiction(template, parameter, [before, value]);
      written.set(`${node}:${input}`, value);
      inputs[input] = parameter === "output_format"
        ? spellFormat(String(value), inputs[input])
        : value;
    }
  }
  applyLoras(graph, template, request);
  writeWords(graph, template, request, options.triggers ?? []);
  return graph;
}

/** These go into texts, with what else stands there. */
const TEXTS: ReadonlySet<Parameter> = new Set(["prompt", "negative_prompt"]);

/** With its folder it is none of the files that a server lists, so no check can take it for one. */
const UNNAMED = "dgx-pixels/init-image";

function values(
  template: Template,
  request: GenerateRequest,
  options: BindOptions,
): [Parameter, unknown][] {
  const [width, height] = generatedSize(template, request);
  const all: (readonly [Parameter, unknown])[] = [
    ["prompt", request.prompt],
    ["negative_prompt", request.negative_prompt],
    ["model", request.model],
    ["width", width],
    ["height", height],
    ["steps", request.steps],
    ["cfg_scale", request.cfg_scale],
    ["seed", options.seed],
    ...counts(template, request),
    ["sampler_name", request.sampler_name],
    ["scheduler", request.scheduler],
    ["denoise", request.denoise],
    ["output_format", request.output_format],
    ["init_image", request.init_image === undefined ? undefined : options.initImage ?? UNNAMED],
  ];
  return all.flatMap(([parameter, value]) => value === undefined ? [] : [[parameter, value]]);
}

/** What makes frames of one image or of one video makes one; others make a batch of images. */
function counts(template: Template, request: GenerateRequest) {
  const { trace: { targets }, ignored } = template;
  const { animation_frames: frames, batch_size: batch } = request;
  const plan = planFrames(template, request);
  const isOne = plan?.type === "sheet" || plan?.type === "clip" ||
    ignored.has("animation_frames");
  if (frames === undefined || !isOne) return [["batch_size", frames ?? batch] as const];
  const length = plan?.type === "clip" ? plan.length : undefined;
  const one = targets.batch_size.length > 0 ? 1 : batch;
  return [["animation_frames", length] as const, ["batch_size", one] as const];
}

/** A number of a template that counts among so many steps. */
interface StepEdge {
  readonly node: string;
  readonly input: string;
  readonly at: number;
  readonly steps: number;
}

/** A base and a refiner share the steps: their windows keep their proportion. */
function scaleStepWindows(graph: Graph, template: Template, steps: number): void {
  for (const { node, input, at, steps: before } of stepEdges(template)) {
    const inputs = graph[node]?.inputs;
    if (inputs !== undefined && before !== steps) inputs[input] = Math.round(at * steps / before);
  }
}

const stepEdges = remembered(({ graph, trace }: Template): StepEdge[] => {
  const links = new Links(graph);
  const targets = new Set(trace.targets.steps.map(({ node, input }) => `${node}:${input}`));
  return Object.entries(graph).flatMap(([node, { inputs }]) => {
    if (!("steps" in inputs)) return [];
    const target = literalOf(links, node, "steps", "number");
    if (target === undefined || !targets.has(`${target.node}:${target.input}`)) return [];
    const steps = Number(links.inputs(target.node)[target.input]);
    if (!(steps > 0)) return [];
    return ["start_at_step", "end_at_step"].flatMap((input) => {
      const at = inputs[input];
      return typeof at === "number" && at <= steps ? [{ node, input, at, steps }] : [];
    });
  });
});

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
  const remedy = ALWAYS_GIVEN.has(field)
    ? `name another workflow, or say in ${template.name}.map.json where it goes: ` +
      `{ "${parameter}": [{ "node": "ID", "input": "NAME" }] }, or { "ignore": ["${field}"] }`
    : field === "output_format"
    ? "ask for png, webp or jpeg, or end the workflow in a node that has a choice of formats"
    : field === "animation_frames" && template.trace.frameCounts.length > 0
    ? "its frames are counted by a node that computes: link a plain number there, or say in " +
      `${template.name}.map.json where they go: ` +
      '{ "animation_frames": [{ "node": "ID", "input": "NAME" }] }'
    : "leave the field out";
  const why = `the workflow ${template.name}${chosen} has no place for it; ${remedy}`;
  return invalid(field, why);
}

/** One literal that two parameters lead to, such as the edge of a square, can hold but one value. */
function contradiction(
  template: Template,
  parameter: Parameter,
  [one, other]: readonly unknown[],
): JobError {
  const field = FIELDS[parameter] ?? parameter;
  return invalid(
    field,
    `the workflow ${template.name} has one value where ${one} and ${other} would have to stand` +
      (field === "size" ? "; ask for a square" : "; name another workflow"),
  );
}

/** What a request cannot ask for at once, whatever the workflow. */
function refuseContradictions(request: GenerateRequest): void {
  refuseAnimationContradictions(request);
  const { animation_frames: frames, tileset_grid: grid } = request;
  if (grid !== undefined && frames !== undefined) {
    throw invalid("tileset_grid", "give either tileset_grid or animation_frames, not both");
  }
}

function refuseUnevenGrid({ name, trace }: Template, request: GenerateRequest): void {
  const { tileset_grid: grid, size, fit } = request;
  if (grid === undefined) return;
  const multiple = fit === "crop" ? 1 : trace.sizeMultiple;
  const edges = [["width", "columns"], ["height", "rows"]] as const;
  for (const [axis, [edge, tiles]] of edges.entries()) {
    const [pixels = 0, count = 1] = [size[axis], grid[axis]];
    if (pixels % count === 0 && pixels % multiple === 0) continue;
    const least = `ask for a multiple of ${leastCommonMultiple(count, multiple)}`;
    if (pixels % count === 0) {
      const why = `${name} makes images in steps of ${multiple} pixels, not with a ${edge} of ` +
        `${pixels}; ${least}, or for fit "crop", which cuts a larger one down to it`;
      throw invalid("size", why);
    }
    const why = `a ${edge} of ${pixels} cannot be cut into ${count} ${tiles} of whole pixels`;
    throw invalid("tileset_grid", `${why}; ${least}`);
  }
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

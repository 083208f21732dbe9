/** What an image was made with, as the text that it carries. Pure. */

import { type Graph, isLink, type Parameter, type Template } from "../workflow/mod.ts";
import { quote } from "../workflow/quote.ts";
import type { RunSpec } from "../executor/messages.ts";
import type { PixelOptions } from "../protocol/mod.ts";

/** Program that made an image, in its text and in atlases. */
export const MADE_BY = "dgx-pixels-worker 1.0.0";

/** Keyword of the text chunk, the one under which other programs look for such things, too. */
export const PARAMETERS_KEYWORD = "parameters";

/**
 * Writes down what a job was run with: what the request says and, where it leaves a choice, what the
 * workflow has. Nothing of the job itself, neither its id nor a time: the same request gives the same
 * bytes.
 *
 * @returns JSON.
 */
export function describeJob(
  { request, seed }: Pick<RunSpec, "request" | "seed">,
  template: Pick<Template, "name" | "trace">,
  graph: Graph,
  pixel?: PixelOptions,
): string {
  const inGraph = (parameter: Parameter) => valueOf(template, graph, parameter);
  return quote({
    prompt: request.prompt,
    negative_prompt: request.negative_prompt ?? inGraph("negative_prompt"),
    model: request.model,
    size: request.size,
    fit: request.fit,
    steps: request.steps,
    cfg_scale: request.cfg_scale,
    seed,
    sampler_name: inGraph("sampler_name"),
    scheduler: inGraph("scheduler"),
    denoise: inGraph("denoise"),
    loras: lorasOf(graph),
    batch_size: request.batch_size,
    animation_frames: request.animation_frames,
    cycle: request.cycle,
    frame_prompts: request.frame_prompts,
    tileset_grid: request.tileset_grid,
    pixel,
    workflow: template.name,
    worker: MADE_BY,
  });
}

/** Absent where the graph has no place for it, or gets it from another node. */
function valueOf({ trace }: Pick<Template, "trace">, graph: Graph, parameter: Parameter): unknown {
  const values = trace.targets[parameter]
    .map(({ node, input }) => graph[node]?.inputs[input]);
  return values.find((value) => value !== undefined && !isLink(value));
}

function lorasOf(graph: Graph): Record<string, unknown>[] {
  return Object.values(graph).flatMap(({ inputs }) => {
    const { lora_name: name, strength_model, strength_clip } = inputs;
    return typeof name === "string" ? [{ name, strength_model, strength_clip }] : [];
  });
}

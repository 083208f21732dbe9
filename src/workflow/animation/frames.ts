/** How a workflow makes the frames of an animation. Pure. */

import type { GenerateRequest } from "../../protocol/messages.ts";
import type { Template } from "../template/template.ts";
import { placeholdersOf } from "../text/placeholders.ts";
import { CYCLES, posesFor } from "./cycles.ts";
import { planPoseSheet, type PoseSheet } from "./pose_sheet.ts";

/**
 * Where the frames of an animation come from:
 * - `sheet`: poses side by side in one image, which is cut;
 * - `clip`: a video, of which every `step`th image is a frame;
 * - `batch`: images that have nothing but the prompt in common.
 */
export type FramePlan =
  | { readonly type: "sheet"; readonly sheet: PoseSheet }
  | { readonly type: "clip"; readonly length: number; readonly step: number }
  | { readonly type: "batch" };

/** What a plan is made from. */
export type FrameTemplate = Pick<Template, "graph" | "trace" | "frameStep">;

/** The parts of a request that decide about frames. */
type FrameRequest = Pick<GenerateRequest, "animation_frames" | "size">;

/** Latents of videos hold so many images each, and one more in the first; by part of the class name. */
const IMAGES_A_LATENT: readonly (readonly [RegExp, number])[] = [[/LTX/, 8], [/Mochi/, 6]];
const USUAL_IMAGES_A_LATENT = 4;

/** Plans the frames of a request; undefined if it asks for no animation. */
export function planFrames(
  template: FrameTemplate,
  { animation_frames: frames, size }: FrameRequest,
): FramePlan | undefined {
  if (frames === undefined) return undefined;
  if (isPoseSheet(template)) {
    return {
      type: "sheet",
      sheet: planPoseSheet(frames, size, {
        nativePixels: nativePixels(template),
        multiple: template.trace.sizeMultiple,
      }),
    };
  }
  const { frameCounts, targets } = template.trace;
  const latents = frameCounts.length > 0 ? frameCounts : targets.animation_frames.slice(0, 1);
  if (latents.length === 0) return { type: "batch" };
  const classes = latents.map(({ node }) => template.graph[node]?.class_type ?? "");
  const each = IMAGES_A_LATENT.find(([name]) => classes.some((one) => name.test(one)))?.[1] ??
    USUAL_IMAGES_A_LATENT;
  const step = template.frameStep;
  const needed = (frames - 1) * step + 1;
  return { type: "clip", length: Math.ceil((needed - 1) / each) * each + 1, step };
}

/**
 * Warns of a workflow whose frames have only the prompt in common, whatever each is to show; they are
 * generated all the same. Nodes that join the images of a batch to one motion are known by their names.
 *
 * @returns undefined if the frames show one figure, or none are asked for.
 */
export function framesWarning(
  template: FrameTemplate & Pick<Template, "name">,
  request: FrameRequest,
): string | undefined {
  if (planFrames(template, request)?.type !== "batch") return undefined;
  const classes = Object.values(template.graph).map(({ class_type: name }) => name);
  if (classes.some((name) => /AnimateDiff|^ADE_|SVD|Video/i.test(name))) return undefined;
  return `${template.name} makes images that share the prompt, not the figure, so its frames are no ` +
    "animation; name a workflow such as animation";
}

/** A workflow whose prompt speaks of columns or rows makes all poses in one image. */
function isPoseSheet({ graph }: FrameTemplate): boolean {
  return (["columns", "rows"] as const).some((name) => placeholdersOf(graph, name).length > 0);
}

/** What stands in the file is the size that its author found good. */
function nativePixels({ graph, trace }: FrameTemplate): number {
  const value = (parameter: "width" | "height") => {
    const [target] = trace.targets[parameter];
    return target === undefined ? 1024 : Number(graph[target.node]?.inputs[target.input]);
  };
  return value("width") * value("height");
}

/**
 * The words of a request's prompt, with those of its cycle or of its frames.
 *
 * @param plan How the frames are made; undefined for a request without any.
 */
export function animationPrompt(
  { prompt, cycle, frame_prompts: own, animation_frames: frames = 1 }: GenerateRequest,
  plan: FramePlan | undefined,
): string {
  if (plan === undefined) return prompt;
  const known = cycle === undefined ? undefined : CYCLES[cycle];
  const words = known === undefined ? [prompt] : [prompt, known.motion];
  const poses = own ?? (known === undefined ? [] : posesFor(known, frames));
  if (poses.length > 0 && plan.type === "sheet") {
    const list = poses.map((pose, index) => `${index + 1} ${pose}`);
    words.push(`poses in order: ${list.join(", ")}`);
  } else if (own !== undefined) {
    words.push(`first ${own.join(", then ")}`);
  }
  return words.join(", ");
}

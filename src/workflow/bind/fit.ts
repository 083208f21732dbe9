/** The size that a workflow can make in place of the one that was asked for. Pure. */

import type { GenerateRequest } from "../../protocol/mod.ts";
import { planFrames } from "../animation/frames.ts";
import { invalid } from "../invalid.ts";
import type { Template } from "../template/template.ts";

/** Smallest edge that ComfyUI's latents have, in pixels. */
const LEAST_PIXELS = 16;

/** What a request says of its size. */
export type SizedRequest = Pick<GenerateRequest, "size" | "fit" | "animation_frames">;

/**
 * The size to generate at: that of a sheet of poses, or the request's own where the workflow can make it, else, with
 * `fit: "crop"`, the next larger one, of which the middle is kept.
 *
 * @throws {JobError} `invalid_parameter` for a size that would come out as another one.
 */
export function generatedSize(
  template: Pick<Template, "name" | "graph" | "trace" | "ignored" | "frameStep">,
  request: SizedRequest,
): [number, number] {
  const plan = planFrames(template, request);
  if (plan?.type === "sheet") return [plan.sheet.width, plan.sheet.height];
  const { size, fit } = request;
  const { trace, ignored } = template;
  const isSet = (["width", "height"] as const).some((edge) =>
    trace.targets[edge].length > 0 && !ignored.has(edge)
  );
  const multiple = isSet ? trace.sizeMultiple : 1;
  if (size.every((pixels) => pixels % multiple === 0)) return size;
  const larger = size.map((pixels) => Math.ceil(pixels / multiple) * multiple) as [number, number];
  if (fit === "crop") return larger;
  const smaller = size.map((pixels) =>
    Math.max(
      Math.floor(pixels / multiple) * multiple,
      Math.ceil(LEAST_PIXELS / multiple) * multiple,
    )
  );
  const nearest = [...new Set([smaller.join("x"), larger.join("x")])].join(" or ");
  throw invalid(
    "size",
    `${template.name} makes images in steps of ${multiple} pixels, so ` +
      `${size.join("x")} would come out smaller; ask for ${nearest}, or for fit "crop", ` +
      `which cuts ${larger.join("x")} down to it`,
  );
}

/**
 * Pixels of all images that are generated for an animation; undefined for other requests. Poses of a sheet
 * share one image of about the size that the model is made for, however large the frames are; a video has
 * images between the frames.
 */
export function animationPixels(
  template: Pick<Template, "name" | "graph" | "trace" | "ignored" | "frameStep">,
  request: SizedRequest & Pick<GenerateRequest, "batch_size">,
): number | undefined {
  const plan = planFrames(template, request);
  if (plan === undefined) return undefined;
  const [width, height] = generatedSize(template, request);
  const { animation_frames: frames = 1, batch_size: batch = 1 } = request;
  const images = plan.type === "sheet" ? 1 : plan.type === "clip" ? plan.length : frames;
  return width * height * images * batch;
}

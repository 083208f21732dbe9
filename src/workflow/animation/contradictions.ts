/** What a request cannot ask of an animation, whatever the workflow. Pure. */

import { MAX_PROMPT_CHARS } from "../../protocol/limits.ts";
import type { GenerateRequest } from "../../protocol/messages.ts";
import { invalid } from "../invalid.ts";

/** Fields that say something of an animation. */
const OF_ANIMATIONS = ["cycle", "frame_prompts", "fps", "sheet_columns"] as const;

/**
 * Refuses what contradicts itself.
 *
 * @throws {JobError} `invalid_parameter`.
 */
export function refuseAnimationContradictions(request: GenerateRequest): void {
  const { animation_frames: frames, batch_size: batch = 1, cycle, frame_prompts } = request;
  if (frames === undefined) {
    const stray = OF_ANIMATIONS.find((field) => request[field] !== undefined);
    if (stray !== undefined) throw invalid(stray, "belongs to an animation; give animation_frames");
    return;
  }
  if (batch > 1) {
    throw invalid("animation_frames", "give either animation_frames or batch_size, not both");
  }
  if (frame_prompts === undefined) return;
  if (cycle !== undefined) throw invalid("frame_prompts", "give either cycle or frame_prompts");
  if (frame_prompts.length !== frames) {
    const why = `${frame_prompts.length} prompts for ${frames} frames; give one for each`;
    throw invalid("frame_prompts", why);
  }
  const chars = frame_prompts.reduce((sum, words) => sum + words.length, request.prompt.length);
  if (chars > MAX_PROMPT_CHARS) {
    throw invalid("frame_prompts", `${chars} characters with prompt, above ${MAX_PROMPT_CHARS}`);
  }
}

/** What a job was asked for, in few words: by it people know which job is which. */

import type { JobDescription, LoraChoice, PixelResult } from "../protocol/mod.ts";
import { formatSeconds } from "./text.ts";

/** Confidence below which an estimate is called a guess: nothing like it was measured. */
const UNSURE = 0.1;

/** The endings of model files, which tell nobody anything. */
const MODEL_ENDING = /\.(?:safetensors|ckpt|pth?|bin|sft|gguf)$/i;

/** Size, steps, model, LoRAs and seed, as far as the worker tells them. */
export function describeRequest(job: JobDescription): string {
  const { size, steps, model, loras = [], seed } = job;
  return [
    size?.join("x"),
    steps === undefined ? undefined : `${steps} steps`,
    model === undefined ? undefined : withoutEnding(model),
    ...loras.map((lora) => `+${describeLora(lora)}`),
    seed === undefined ? undefined : `seed ${seed}`,
  ].filter((fact) => fact !== undefined).join(" ");
}

/** What was found in an image that was made pixel art. */
export function describePixel({ size, colors, sure, confidence, ...found }: PixelResult): string {
  const { tileable, warnings } = found;
  const facts = [
    `${colors} colours`,
    ...sure ? [] : [`unsure (${Math.round(confidence * 100)} %): compare it with its original`],
    ...tileable === undefined ? [] : [tileable ? "tileable" : "seams show"],
    ...warnings.filter((warning) => warning !== "unsure_grid").map((warning) =>
      warning.replaceAll("_", " ")
    ),
  ];
  return `pixel art of ${size.join("x")}, ${facts.join(", ")}`;
}

/** A LoRA as a flag names it. */
export function describeLora({ name, strength_model }: LoraChoice): string {
  return withoutEnding(name) + (strength_model === undefined ? "" : `:${strength_model}`);
}

/** An ETA, and whether it is more than a guess. Older workers do not say that. */
export function describeEstimate(
  { estimated_time_s = 0, estimate_confidence = 1 }: {
    estimated_time_s?: number;
    estimate_confidence?: number;
  },
): string {
  return formatSeconds(estimated_time_s) + (estimate_confidence < UNSURE ? " (a guess)" : "");
}

function withoutEnding(name: string): string {
  return name.replace(MODEL_ENDING, "");
}

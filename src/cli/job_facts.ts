/** What a job was asked for, in few words: by it people know which job is which. */

import type { JobDescription, LoraChoice, PixelResult } from "../protocol/mod.ts";
import { formatSeconds } from "./text.ts";

/** Confidence below which an estimate is called a guess: nothing like it was measured. */
const UNSURE = 0.1;

/** Warnings that `sure` tells as well. */
const GRID_DOUBTS: readonly string[] = ["no_grid", "unsure_grid"];

/** Warnings about pixel art in words; others are told as they are. */
const WARNINGS: Readonly<Record<string, string>> = {
  warped_grid: "grid bends",
  resized: "made to fit the size asked for",
  colors_merged: "near colours merged, for there were more than 255",
  no_background: "background kept, for the edges are of several colours",
  all_background: "all of it taken for background",
};

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

/** What makes pixel art doubtful. */
interface Doubts {
  readonly sure: boolean;
  readonly confidence: number;
  readonly warnings: readonly string[];
}

/** What was found in an image that was made pixel art. */
export function describePixel({ size, colors, tileable, ...found }: PixelResult): string {
  const facts = [
    countOf(colors, "colour"),
    ...tileable === undefined ? [] : [tileable ? "tileable" : "seams show"],
    ...describeDoubts(found, "its original"),
  ];
  return `pixel art of ${size.join("x")}, ${facts.join(", ")}`;
}

/** What is noteworthy about pixel art, in words; last, what it should be compared with if it may be wrong. */
export function describeDoubts(
  { sure, confidence, warnings }: Doubts,
  original: string,
): string[] {
  const others = warnings.filter((warning) => !GRID_DOUBTS.includes(warning));
  const doubt = warnings.includes("no_grid")
    ? "no grid found"
    : `unsure of the grid (${Math.floor(confidence * 100)} % likely right)`;
  return [
    ...others.map((warning) => WARNINGS[warning] ?? warning.replaceAll("_", " ")),
    ...sure ? [] : [`${doubt}: compare it with ${original}`],
  ];
}

/** A number of things, in words. */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
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

/** A load of varied jobs, and the times of a machine that runs them unevenly; drawn from a seed. */

import type { Client } from "../../src/client/mod.ts";
import type { SimulatedWork } from "../../src/simulator/mod.ts";

/** What a client asks for. */
export type LoadRequest = Parameters<Client["generate"]>[0];

/** Numbers in [0, 1). */
export type Random = () => number;

const MODEL = "sd_xl_base_1.0.safetensors";
const LORA = "pixel-art-xl-v1.1.safetensors";

/** Kinds of jobs: workflow, size, images, steps, model, LoRA. */
const KINDS: readonly LoadRequest[] = [
  kind("txt2img_sdxl", 128, 20),
  kind("txt2img_sdxl", 96, 30),
  kind("txt2img_sdxl", 64, 40),
  kind("txt2img_sdxl", 128, 25, { lora: LORA }),
  kind("txt2img", 96, 20),
  kind("txt2img", 64, 25),
  kind("pixel_art_workflow", 128, 25),
  kind("pixel_art_better", 96, 35),
  kind("pixel_art_lora", 96, 30, { lora: LORA }),
  kind("sprite_optimized", 128, 20),
  kind("batch", 64, 20, { batch_size: 4 }),
  kind("batch", 96, 15, { batch_size: 2 }),
  // Not `animation`: its poses share one large image, however small they are to be.
  kind("batch", 64, 25, { animation_frames: 4 }),
  kind("tileset", 128, 30, { tileset_grid: [4, 4] }),
];

/** A generator that gives the same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every kind once, each with one of the models, in a random order, with steps and prompts that vary. */
export function drawRound(models: readonly string[], random: Random): LoadRequest[] {
  const jobs = KINDS.map((request, index): LoadRequest => ({
    ...request,
    model: models[index % models.length] ?? MODEL,
    steps: Math.round(request.steps * (0.8 + 0.4 * random())),
    seed: Math.floor(random() * 2 ** 32),
    // Some prompts come again, so that their encoding is in the cache.
    prompt: random() < 0.3 ? "a knight" : `a knight, number ${Math.floor(random() * 1e6)}`,
  }));
  return jobs.map((job) => ({ job, rank: random() }))
    .sort((a, b) => a.rank - b.rank).map(({ job }) => job);
}

/**
 * How long the machine takes: by class and pixels, each prompt faster or slower than the usual by some
 * 8 %, each piece of work by some 20 %, and now and then a step that takes four times as long.
 */
export function unevenMachine(random: Random): (work: SimulatedWork) => number {
  let prompt = "";
  let speed = 1;
  let sampled = false;
  return (work) => {
    if (work.promptId !== prompt) {
      prompt = work.promptId;
      speed = Math.exp(0.08 * normal(random));
      sampled = false;
    }
    // The model goes to the GPU.
    const firstStepMs = work.type === "step" && !sampled ? 120 : 0;
    sampled ||= work.type === "step";
    const hiccup = work.type === "step" && random() < 0.02 ? 4 : 1;
    const jitter = Math.exp(0.2 * normal(random));
    return speed * jitter * (usualMs(work) * hiccup + firstStepMs);
  };
}

function usualMs({ type, nodeClass, pixels }: SimulatedWork): number {
  if (type === "load") return nodeClass.startsWith("Lora") ? 150 : 600;
  if (type === "step") return 12 + pixels / 400;
  if (/Loader/.test(nodeClass)) return 60;
  if (/Decode/.test(nodeClass)) return 20 + pixels / 250;
  if (/Save/.test(nodeClass)) return 5 + pixels / 1_000;
  return 25;
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function kind(
  workflow: string,
  side: number,
  steps: number,
  fields: Partial<LoadRequest> = {},
): LoadRequest {
  return {
    prompt: "a knight",
    model: MODEL,
    size: [side, side],
    steps,
    cfg_scale: 7,
    workflow,
    ...fields,
  };
}

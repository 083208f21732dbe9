/**
 * Nodes that sample: here the image comes into being.
 *
 * @module
 */

import { paintImage, paintPreview } from "../painter/paint.ts";
import type { Recipe } from "../painter/recipe.ts";
import { type Image, plainImage } from "../files/image.ts";
import type { Inputs } from "./inputs.ts";
import { type NodeClasses, type NodeContext, type NodeResult, single } from "./node.ts";
import type { ConditioningValue, LatentValue, ModelValue, SigmasValue } from "./values.ts";

/** The samplers and what they are built from. */
export const SAMPLING: NodeClasses = {
  KSampler: { run: kSampler },
  KSamplerAdvanced: { run: kSamplerAdvanced },
  SamplerCustom: { run: samplerCustom },
  SamplerCustomAdvanced: { run: samplerCustomAdvanced },
  KSamplerSelect: {
    run: (inputs) => single({ type: "SAMPLER", name: inputs.text("sampler_name") }),
  },
  BasicScheduler: { run: basicScheduler },
  Flux2Scheduler: {
    run: (inputs) => single({ type: "SIGMAS", steps: inputs.integer("steps"), denoise: 1 }),
  },
  BasicGuider: { run: (inputs) => guider(inputs, "conditioning") },
  CFGGuider: { run: (inputs) => guider(inputs, "positive") },
  RandomNoise: {
    run: (inputs) => single({ type: "NOISE", seed: inputs.bigInteger("noise_seed") }),
  },
};

/** Share of the image that a second pass changes when it adds no noise of its own. */
const REFINEMENT = 0.25;

interface SamplingOrder {
  readonly model: ModelValue;
  readonly positive: ConditioningValue;
  readonly seed: bigint;
  readonly steps: number;
  readonly denoise: number;
  readonly latent: LatentValue;
}

async function kSampler(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  inputs.value("negative", "CONDITIONING");
  const denoise = inputs.float("denoise");
  const result = await sample({
    model: inputs.value("model", "MODEL"),
    positive: inputs.value("positive", "CONDITIONING"),
    seed: inputs.bigInteger("seed"),
    steps: denoise === 0 ? 0 : inputs.integer("steps"),
    denoise,
    latent: inputs.value("latent_image", "LATENT"),
  }, context);
  return single(result);
}

async function kSamplerAdvanced(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  inputs.value("negative", "CONDITIONING");
  const all = inputs.integer("steps");
  const start = Math.min(all, inputs.integer("start_at_step"));
  const end = Math.min(all, inputs.integer("end_at_step"));
  const addsNoise = inputs.text("add_noise") === "enable";
  const result = await sample({
    model: inputs.value("model", "MODEL"),
    positive: inputs.value("positive", "CONDITIONING"),
    seed: inputs.bigInteger("noise_seed"),
    steps: Math.max(0, end - start),
    denoise: addsNoise ? 1 - start / all : REFINEMENT,
    latent: inputs.value("latent_image", "LATENT"),
  }, context);
  return single(result);
}

async function samplerCustom(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  inputs.value("negative", "CONDITIONING");
  inputs.value("sampler", "SAMPLER");
  const { steps, denoise } = inputs.value("sigmas", "SIGMAS");
  const result = await sample({
    model: inputs.value("model", "MODEL"),
    positive: inputs.value("positive", "CONDITIONING"),
    seed: inputs.bigInteger("noise_seed"),
    steps,
    denoise,
    latent: inputs.value("latent_image", "LATENT"),
  }, context);
  return { outputs: [result, result] };
}

async function samplerCustomAdvanced(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  inputs.value("sampler", "SAMPLER");
  const { model, positive } = inputs.value("guider", "GUIDER");
  const { steps, denoise } = inputs.value("sigmas", "SIGMAS");
  const { seed } = inputs.value("noise", "NOISE");
  const latent = inputs.value("latent_image", "LATENT");
  const result = await sample({ model, positive, seed, steps, denoise, latent }, context);
  return { outputs: [result, result] };
}

function basicScheduler(inputs: Inputs): NodeResult {
  inputs.value("model", "MODEL");
  const denoise = inputs.float("denoise");
  const steps = denoise <= 0 ? 0 : inputs.integer("steps");
  const sigmas: SigmasValue = { type: "SIGMAS", steps, denoise };
  return single(sigmas);
}

function guider(inputs: Inputs, positive: string): NodeResult {
  return single({
    type: "GUIDER",
    model: inputs.value("model", "MODEL"),
    positive: inputs.value(positive, "CONDITIONING"),
  });
}

async function sample(order: SamplingOrder, context: NodeContext): Promise<LatentValue> {
  const { steps, latent } = order;
  if (steps === 0) return latent;
  const recipes = latent.images.map((base, index) => ({
    ...recipeFor(order, base, index),
    isDiffused: context.painting === "diffusion",
  }));
  const images = recipes.map(paintImage);
  const first = recipes[0];
  const preview = (step: number): Image =>
    first ? paintPreview(first, step / steps, images[0]) : plainImage(8, 8, [0, 0, 0]);
  for (let step = 1; step <= steps; step++) {
    await context.step(step, steps, () => preview(step));
  }
  return { ...latent, images };
}

function recipeFor(order: SamplingOrder, base: Image | undefined, index: number): Recipe {
  const { model, positive, seed, denoise, latent } = order;
  const { videoLength: length = 1 } = latent;
  return {
    width: latent.width,
    height: latent.height,
    prompt: positive.texts.join(", "),
    seed: seed + BigInt(Math.floor(index / length)),
    moment: latent.videoLength === undefined ? undefined : (index % length) / length,
    style: [model.name, ...model.loras.map(({ name, strength }) => `${name}@${strength}`)].join(
      "|",
    ),
    base,
    denoise,
    mask: latent.mask,
  };
}

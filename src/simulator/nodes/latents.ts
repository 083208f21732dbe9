/**
 * Nodes that create, change, encode and decode latent images.
 *
 * @module
 */

import { outOfMemory } from "../faults.ts";
import { filled, plainImage, resized } from "../files/image.ts";
import type { Inputs } from "./inputs.ts";
import { type NodeClasses, type NodeContext, type NodeResult, single } from "./node.ts";
import type { LatentValue } from "./values.ts";

/** Pixels in one batch that the simulated GPU can hold. */
const LARGEST_BATCH_PIXELS = 2 ** 26;

const GREY = [128, 128, 128] as const;

/** The latent nodes. */
export const LATENTS: NodeClasses = {
  EmptyLatentImage: { run: emptyLatent },
  EmptySD3LatentImage: { run: emptyLatent },
  EmptyHunyuanLatentVideo: { run: emptyVideo },
  LatentUpscale: { run: upscaleTo },
  LatentUpscaleBy: { run: upscaleBy },
  RepeatLatentBatch: { run: repeatBatch },
  SetLatentNoiseMask: { run: setMask },
  VAEEncode: { run: encode },
  VAEEncodeForInpaint: { run: encodeForInpaint },
  VAEDecode: { run: decode },
};

async function emptyLatent(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const batch = inputs.integer("batch_size");
  return single(checked({
    type: "LATENT",
    width: inputs.integer("width") & ~7,
    height: inputs.integer("height") & ~7,
    images: new Array<undefined>(batch).fill(undefined),
    mask: undefined,
  }));
}

/** A latent holds four images of a video, and the first one a single one. */
async function emptyVideo(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const videoLength = Math.floor((inputs.integer("length") - 1) / 4) * 4 + 1;
  const images = videoLength * inputs.integer("batch_size");
  return single(checked({
    type: "LATENT",
    width: inputs.integer("width") & ~7,
    height: inputs.integer("height") & ~7,
    images: new Array<undefined>(images).fill(undefined),
    videoLength,
    mask: undefined,
  }));
}

async function upscaleTo(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const samples = inputs.value("samples", "LATENT");
  const asked = { width: inputs.integer("width"), height: inputs.integer("height") };
  if (asked.width === 0 && asked.height === 0) return single(samples);
  const { width, height } = completeSize(asked, samples);
  const crop = inputs.text("crop") === "center";
  return single(scale(samples, Math.max(64, width) & ~7, Math.max(64, height) & ~7, crop));
}

async function upscaleBy(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const samples = inputs.value("samples", "LATENT");
  const factor = inputs.float("scale_by");
  const grow = (pixels: number) => Math.max(1, Math.round((pixels / 8) * factor)) * 8;
  return single(scale(samples, grow(samples.width), grow(samples.height), false));
}

/** A side of 0 follows from the other one and the ratio. */
export function completeSize(
  asked: { width: number; height: number },
  present: { width: number; height: number },
): { width: number; height: number } {
  const { width, height } = asked;
  if (width === 0) {
    return { width: Math.max(1, Math.round((present.width * height) / present.height)), height };
  }
  if (height === 0) {
    return { width, height: Math.max(1, Math.round((present.height * width) / present.width)) };
  }
  return asked;
}

function scale(samples: LatentValue, width: number, height: number, crop: boolean): LatentValue {
  const fit = crop ? filled : resized;
  const images = samples.images.map((image) => image && fit(image, width, height));
  return checked({ ...samples, width, height, images });
}

function repeatBatch(inputs: Inputs): NodeResult {
  const samples = inputs.value("samples", "LATENT");
  const amount = inputs.integer("amount");
  const images = new Array(amount).fill(samples.images).flat();
  return single(checked({ ...samples, images }));
}

function setMask(inputs: Inputs): NodeResult {
  const samples = inputs.value("samples", "LATENT");
  return single({ ...samples, mask: inputs.value("mask", "MASK") });
}

async function encode(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  return single(await encodePixels(inputs, context));
}

async function encodeForInpaint(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const latent = await encodePixels(inputs, context);
  return single({ ...latent, mask: inputs.value("mask", "MASK") });
}

/** The codec works on blocks of 8 by 8 pixels, so a few rows and columns may be cut off. */
async function encodePixels(inputs: Inputs, context: NodeContext): Promise<LatentValue> {
  inputs.value("vae", "VAE");
  const { images } = inputs.value("pixels", "IMAGE");
  await context.work();
  const width = Math.max(8, (images[0]?.width ?? 8) & ~7);
  const height = Math.max(8, (images[0]?.height ?? 8) & ~7);
  return checked({
    type: "LATENT",
    width,
    height,
    images: images.map((image) => resized(image, width, height)),
    mask: undefined,
  });
}

async function decode(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  inputs.value("vae", "VAE");
  const { width, height, images } = inputs.value("samples", "LATENT");
  await context.work();
  const blank = plainImage(width, height, GREY);
  return single({ type: "IMAGE", images: images.map((image) => image ?? blank) });
}

/** Refuses what no real GPU could hold, before the memory of this program is at stake. */
function checked(latent: LatentValue): LatentValue {
  const pixels = latent.width * latent.height * latent.images.length;
  if (pixels > LARGEST_BATCH_PIXELS) throw outOfMemory();
  return latent;
}

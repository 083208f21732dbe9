/**
 * Nodes that load, create and change images.
 *
 * @module
 */

import { isPng } from "../../images/mod.ts";
import { outOfMemory } from "../faults.ts";
import { decodeJpeg, isJpeg } from "../files/jpeg.ts";
import type { JsonObject } from "../json.ts";
import { findFile } from "../files/locate.ts";
import { filled, type Image, lazyImage, plainImage, resized } from "../files/image.ts";
import { type DecodedImage, decodePng } from "../files/png.ts";
import { PythonError } from "../python.ts";
import type { Inputs } from "./inputs.ts";
import { completeSize } from "./latents.ts";
import { type NodeClasses, type NodeContext, type NodeResult, single } from "./node.ts";
import type { ImageValue, MaskValue } from "./values.ts";

/** Pixels in one batch that the simulated machine can hold. */
const LARGEST_BATCH_PIXELS = 2 ** 26;

/** Side of the empty mask that goes with an image without transparency. */
const EMPTY_MASK_SIDE = 64;

/** The image nodes. */
export const IMAGES: NodeClasses = {
  LoadImage: { run: loadImage, fingerprint: hashFile },
  EmptyImage: { run: emptyImage },
  ImageBatch: { run: batchImages },
  ImageScale: { run: scaleTo },
  ImageScaleBy: { run: scaleBy },
  BatchImagesNode: { run: batchMany },
  ResizeImageMaskNode: { run: resize },
};

async function loadImage(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const name = inputs.text("image");
  const file = await findFile(name, context.files);
  if (file === undefined) {
    const path = `${context.files.input.root}/${name}`;
    throw new PythonError("FileNotFoundError", `[Errno 2] No such file or directory: '${path}'`);
  }
  const image = decodeImage(file.bytes);
  return { outputs: [{ type: "IMAGE", images: [imageOf(image)] }, maskOf(image)] };
}

/**
 * Reads an image file.
 *
 * @throws {PythonError} for a damaged file, or one that is neither PNG nor JPEG.
 */
export function decodeImage(bytes: Uint8Array): DecodedImage {
  if (isPng(bytes)) return decodePng(bytes);
  if (isJpeg(bytes)) return decodeJpeg(bytes);
  throw new PythonError("PIL.UnidentifiedImageError", "cannot identify image file");
}

/** The colours of an image, without its transparency. */
export function imageOf({ width, height, rgba }: DecodedImage): Image {
  return lazyImage(width, height, () => {
    const rgb = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
      rgb[to] = rgba[from] ?? 0;
      rgb[to + 1] = rgba[from + 1] ?? 0;
      rgb[to + 2] = rgba[from + 2] ?? 0;
    }
    return rgb;
  });
}

function maskOf({ width, height, rgba, hasAlpha }: DecodedImage): MaskValue {
  if (!hasAlpha) {
    const data = new Uint8Array(EMPTY_MASK_SIDE ** 2);
    return { type: "MASK", width: EMPTY_MASK_SIDE, height: EMPTY_MASK_SIDE, data };
  }
  const data = new Uint8Array(width * height);
  for (let pixel = 0; pixel < data.length; pixel++) {
    data[pixel] = 255 - (rgba[pixel * 4 + 3] ?? 255);
  }
  return { type: "MASK", width, height, data };
}

async function hashFile(inputs: JsonObject, files: NodeContext["files"]): Promise<string> {
  const file = typeof inputs.image === "string" ? await findFile(inputs.image, files) : undefined;
  if (file === undefined) throw new PythonError("FileNotFoundError", String(inputs.image));
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(file.bytes));
  return new Uint8Array(digest).toHex();
}

function emptyImage(inputs: Inputs): NodeResult {
  const colour = inputs.integer("color");
  const image = plainImage(
    inputs.integer("width"),
    inputs.integer("height"),
    [(colour >> 16) & 0xff, (colour >> 8) & 0xff, colour & 0xff],
  );
  return images(new Array<Image>(inputs.integer("batch_size")).fill(image));
}

function batchImages(inputs: Inputs): NodeResult {
  const first = inputs.value("image1", "IMAGE");
  const second = inputs.value("image2", "IMAGE");
  const { width, height } = sizeOf(first);
  return images([...first.images, ...second.images.map((image) => filled(image, width, height))]);
}

function batchMany(inputs: Inputs): NodeResult {
  const all = inputs.below("images").flatMap((name) => inputs.value(name, "IMAGE").images);
  const { width, height } = sizeOf({ type: "IMAGE", images: all });
  return images(all.map((image) => filled(image, width, height)));
}

/** Masks and the rarer ways to resize are left out. */
async function resize(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const image = inputs.value("input", "IMAGE");
  const { width, height } = targetSize(inputs, sizeOf(image));
  const way = inputs.text("resize_type");
  const crops = way === "scale dimensions" && inputs.text("resize_type.crop") === "center";
  const fit = crops ? filled : resized;
  return images(image.images.map((image) => fit(image, width, height)));
}

function targetSize(
  inputs: Inputs,
  present: { width: number; height: number },
): { width: number; height: number } {
  const way = inputs.text("resize_type");
  const sub = (name: string) => inputs.float(`resize_type.${name}`);
  const by = (factor: number) => ({
    width: Math.max(1, Math.round(present.width * factor)),
    height: Math.max(1, Math.round(present.height * factor)),
  });
  switch (way) {
    case "scale dimensions":
      return completeSize({ width: sub("width"), height: sub("height") }, present);
    case "scale by multiplier":
      return by(sub("multiplier"));
    case "scale longer dimension":
      return by(sub("longer_size") / Math.max(present.width, present.height));
    case "scale shorter dimension":
      return by(sub("shorter_size") / Math.min(present.width, present.height));
    case "scale width":
      return by(sub("width") / present.width);
    case "scale height":
      return by(sub("height") / present.height);
    case "scale total pixels":
      return by(Math.sqrt(sub("megapixels") * 2 ** 20 / (present.width * present.height)));
    default:
      throw new PythonError("ValueError", `Unsupported resize type: ${way}`);
  }
}

async function scaleTo(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const image = inputs.value("image", "IMAGE");
  const asked = { width: inputs.integer("width"), height: inputs.integer("height") };
  if (asked.width === 0 && asked.height === 0) return single(image);
  const { width, height } = completeSize(asked, sizeOf(image));
  const fit = inputs.text("crop") === "center" ? filled : resized;
  return images(image.images.map((image) => fit(image, width, height)));
}

async function scaleBy(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const image = inputs.value("image", "IMAGE");
  const factor = inputs.float("scale_by");
  const { width, height } = sizeOf(image);
  const grow = (pixels: number) => Math.max(1, Math.round(pixels * factor));
  return images(image.images.map((image) => resized(image, grow(width), grow(height))));
}

function sizeOf({ images }: ImageValue): { width: number; height: number } {
  return { width: images[0]?.width ?? 1, height: images[0]?.height ?? 1 };
}

function images(images: readonly Image[]): NodeResult {
  const pixels = images.reduce((sum, { width, height }) => sum + width * height, 0);
  if (pixels > LARGEST_BATCH_PIXELS) throw outOfMemory();
  return single({ type: "IMAGE", images });
}

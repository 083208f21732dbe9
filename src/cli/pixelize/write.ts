/** Files that `pixelize` writes. */

import { ConfigError, messageOf } from "../../errors.ts";
import { checkPixels, encodeApng, encodeGif, encodeIndexedPng } from "../../images/mod.ts";
import type { IndexedImage, PngText } from "../../images/mod.ts";
import { enlarge, extrude, type PixelArt, scoreSeams, type SeamScore } from "../../pixels/mod.ts";
import { scaledPath } from "./paths.ts";

/** What was written. */
export interface Written {
  /** File of the result. */
  readonly path: string;
  /** Its width and height in pixels. */
  readonly size: readonly [width: number, height: number];
  /** Files of its enlargements. */
  readonly scaled: readonly string[];
  /** How it fits to itself as a tile, if that was asked for. */
  readonly seams?: SeamScore;
}

/** What is to be written. */
export interface WriteOptions {
  /** Enlargements to write as well. */
  readonly scale?: readonly number[];
  /** Whether to tell how an image fits to itself. */
  readonly tile?: boolean;
  /** Pixels to repeat the border by. */
  readonly extrude?: number;
}

/**
 * Writes an image and its enlargements, which are named `NAME@4x.png`: all or none.
 *
 * @throws {ImageError} `too_large` if one is more than can be handled, before any is written.
 */
export async function writeArt(
  path: string,
  art: PixelArt,
  text: PngText,
  options: WriteOptions,
): Promise<Written> {
  const { scale = [], tile = false } = options;
  const image = options.extrude === undefined ? art : extruded(art, options.extrude);
  const { width, height, indices, palette } = image;
  for (const factor of scale) checkPixels(width * factor, height * factor);
  const files = new Map([[path, await encodeIndexedPng(image, text)]]);
  for (const factor of scale) {
    const large: IndexedImage = {
      width: width * factor,
      height: height * factor,
      indices: enlarge(indices, width, height, 1, factor),
      palette,
    };
    files.set(scaledPath(path, factor), await encodeIndexedPng(large, text));
  }
  await writeAll(files);
  const [, ...scaled] = files.keys();
  const seams = tile
    ? scoreSeams({ width: art.width, height: art.height, data: art.rgba })
    : undefined;
  return { path, size: [width, height], scaled, ...(seams === undefined ? {} : { seams }) };
}

function extruded({ width, height, indices, palette }: PixelArt, by: number): IndexedImage {
  return { ...extrude({ width, height, indices }, by), palette };
}

/** Writes frames as an animation: a GIF, or an animated PNG. */
export async function writeAnimation(
  path: string,
  frames: readonly PixelArt[],
  durationMs: number,
  text: PngText,
): Promise<void> {
  const timing = { durationsMs: frames.map(() => durationMs) };
  const bytes = /\.gif$/i.test(path)
    ? encodeGif(frames, timing)
    : await encodeApng(frames, timing, text);
  await writeAll(new Map([[path, bytes]]));
}

/** What was begun is taken away if not all could be written. */
async function writeAll(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<void> {
  const begun: string[] = [];
  for (const [path, bytes] of files) {
    try {
      const parent = path.replace(/[^/\\]*$/, "");
      if (parent !== "") await Deno.mkdir(parent, { recursive: true });
      if (await isNew(path)) begun.push(path);
      await Deno.writeFile(path, bytes);
    } catch (cause) {
      for (const file of begun) await Deno.remove(file).catch(() => {});
      const why = messageOf(cause);
      throw new ConfigError("unwritable", `Cannot write ${path}: ${why}`, { cause });
    }
  }
}

async function isNew(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => false, () => true);
}

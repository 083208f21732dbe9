/** Files that `pixelize` writes. */

import { ConfigError } from "../../errors.ts";
import { encodeApng, encodeGif, encodeIndexedPng } from "../../images/mod.ts";
import type { IndexedImage, PngText } from "../../images/mod.ts";
import { enlarge, extrude, type PixelArt, scoreSeams, type SeamScore } from "../../pixels/mod.ts";

/** What was written. */
export interface Written {
  /** File of the result. */
  readonly path: string;
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
 * Where the result of an image goes.
 *
 * @throws {ConfigError} `usage` if it would take the place of the image.
 */
export function outputPath(
  file: string,
  { output, outputDir }: { output?: string; outputDir?: string },
): string {
  const stem = file.replace(/\.[^./\\]*$/, "");
  const name = stem.split(/[/\\]/).at(-1)!;
  const path = output ??
    (outputDir === undefined
      ? `${stem}.pixel.png`
      : `${outputDir.replace(/[/\\]+$/, "")}/${name}.png`);
  if (path.replace(/^\.\//, "") !== file.replace(/^\.\//, "")) return path;
  throw new ConfigError("usage", `The result would take the place of ${file}; name another file`);
}

/** Writes an image and its enlargements, which are named `NAME@4x.png`. */
export async function writeArt(
  path: string,
  art: PixelArt,
  text: PngText,
  options: WriteOptions,
): Promise<Written> {
  const { scale = [], tile = false } = options;
  const image = options.extrude === undefined ? art : extruded(art, options.extrude);
  await writeFile(path, await encodeIndexedPng(image, text));
  const scaled: string[] = [];
  for (const factor of scale) {
    const { width, height, indices, palette } = image;
    const large: IndexedImage = {
      width: width * factor,
      height: height * factor,
      indices: enlarge(indices, width, height, 1, factor),
      palette,
    };
    const name = path.replace(/(\.[^./\\]*)?$/, `@${factor}x$1`);
    await writeFile(name, await encodeIndexedPng(large, text));
    scaled.push(name);
  }
  const seams = tile
    ? scoreSeams({ width: art.width, height: art.height, data: art.rgba })
    : undefined;
  return { path, scaled, ...(seams === undefined ? {} : { seams }) };
}

function extruded({ width, height, indices, palette }: PixelArt, by: number): IndexedImage {
  return { ...extrude({ width, height, indices }, by), palette };
}

/**
 * Writes frames as an animation: a GIF, or an animated PNG.
 *
 * @throws {ConfigError} `usage` for a file of another kind.
 */
export async function writeAnimation(
  path: string,
  frames: readonly PixelArt[],
  durationMs: number,
  text: PngText,
): Promise<void> {
  const timing = { durationsMs: frames.map(() => durationMs) };
  if (/\.gif$/i.test(path)) return await writeFile(path, encodeGif(frames, timing));
  if (/\.a?png$/i.test(path)) return await writeFile(path, await encodeApng(frames, timing, text));
  throw new ConfigError("usage", `An animation is a .gif or a .png, not ${path}`);
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const parent = path.replace(/[^/\\]*$/, "");
    if (parent !== "") await Deno.mkdir(parent, { recursive: true });
    await Deno.writeFile(path, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unwritable", `Cannot write ${path}: ${why}`, { cause });
  }
}

/** How images are made pixel art, in the words of the flags: `64x64 colors=16 transparent`. Pure. */

import type { PixelOptions } from "../protocol/mod.ts";
import { pixelFault } from "../protocol/pixel.ts";

/** Completes "must be …". */
export const PIXEL_WORDS =
  "WxH or auto, then optionally colors=16 palette=pico-8 dither=bayer transparent outline=auto scale=4,8 extrude=1 keep-original";

/** Reads such words; undefined if they are none, or out of their limits. */
export function parsePixel(text: string): PixelOptions | undefined {
  const [size = "", ...words] = text.trim().split(/\s+/);
  const parts = [sizeOf(size), ...words.map(optionOf)];
  if (parts.includes(undefined)) return undefined;
  const names = parts.flatMap((part) => Object.keys(part!));
  const options = Object.assign({}, ...parts);
  const isRight = new Set(names).size === names.length && pixelFault(options) === undefined;
  return isRight ? options : undefined;
}

/** Writes them. */
export function formatPixel(options: PixelOptions): string {
  const { size = "auto", colors, palette, dither, background, outline, scale, extrude } = options;
  return [
    size === "auto" ? size : size.join("x"),
    ...colors === undefined ? [] : [`colors=${colors}`],
    ...palette === undefined ? [] : [`palette=${palette}`],
    ...dither === undefined ? [] : [`dither=${dither}`],
    ...background === "transparent" ? ["transparent"] : [],
    ...outline === undefined ? [] : [`outline=${outline}`],
    ...scale === undefined ? [] : [`scale=${scale.join(",")}`],
    ...extrude === undefined ? [] : [`extrude=${extrude}`],
    ...options.keep_original === true ? ["keep-original"] : [],
  ].join(" ");
}

type Part = Record<string, unknown> | undefined;

function sizeOf(word: string): Part {
  if (word === "auto") return { size: "auto" };
  const [, width, height] = /^(\d{1,5})[xX](\d{1,5})$/.exec(word) ?? [];
  return width === undefined ? undefined : { size: [Number(width), Number(height)] };
}

function optionOf(word: string): Part {
  if (word === "transparent") return { background: "transparent" };
  if (word === "keep-original") return { keep_original: true };
  const [, name, value = ""] = /^(\w+)=(.+)$/.exec(word) ?? [];
  switch (name) {
    case "colors":
      return { colors: value === "auto" ? value : numberOf(value) };
    case "palette":
    case "dither":
    case "outline":
      return { [name]: value };
    case "extrude":
      return { extrude: value === "0" ? 0 : numberOf(value) };
    case "scale":
      return { scale: value.split(",").map(numberOf) };
    default:
      return undefined;
  }
}

function numberOf(text: string): number {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : NaN;
}

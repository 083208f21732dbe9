/** How to ask for pixel art: the flags and columns that make one field of a request. */

import { nativeSize } from "../../workflow/mod.ts";
import type { GenerateField, GenerateValues } from "./field.ts";

/** The options of `pixel` that have a flag of their own, by what values call them. */
export const PIXEL_FIELDS: Readonly<Record<string, GenerateField>> = {
  "pixel.colors": {
    flag: "colors",
    placeholder: "number",
    help: "pixel art: most colours (default: as found)",
    expected: "a whole number or auto",
    read: (given) => given === "auto" ? given : readWhole(given),
  },
  "pixel.palette": {
    flag: "palette",
    placeholder: "name",
    help: "pixel art: a palette such as pico-8, or a file of the worker's palette directory",
    expected: "a name",
    read: (given) => typeof given === "string" && given !== "" ? given : undefined,
  },
  "pixel.dither": {
    flag: "dither",
    placeholder: "kind",
    help: "pixel art: none, floyd-steinberg or bayer",
    expected: "a name",
    read: (given) => typeof given === "string" ? given : undefined,
  },
  "pixel.background": {
    flag: "transparent",
    placeholder: "",
    help: "pixel art: make the background transparent",
    expected: "true or false",
    read: (given) => {
      const isGone = readToggle(given);
      return isGone === undefined ? undefined : isGone ? "transparent" : "keep";
    },
  },
  "pixel.outline": {
    flag: "outline",
    placeholder: "colour",
    help: "pixel art: a line around what is opaque, in a colour such as #1a1c2c or auto",
    expected: "auto or a colour",
    read: (given) => typeof given === "string" ? given : undefined,
  },
  "pixel.scale": {
    flag: "scale",
    placeholder: "factors",
    help: "pixel art: also write enlargements, such as 4,8",
    expected: "whole numbers with commas between",
    read: readFactors,
  },
  "pixel.extrude": {
    flag: "extrude",
    placeholder: "pixels",
    help: "pixel art: repeat the borders of tiles outwards in their sheet",
    expected: "a whole number",
    read: readWhole,
  },
  "pixel.keep_original": {
    flag: "keep-original",
    placeholder: "",
    help: "pixel art: also keep the image as the model made it",
    expected: "true or false",
    read: readToggle,
  },
};

/** Reads `--pixel`, or what a file has in its place: a size, `auto`, `none`, or all options as a map. */
export function readPixel(given: unknown): Record<string, unknown> | undefined {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  if (given === "none" || given === false) return { enabled: false };
  if (given === "auto" || given === true) return { size: "auto" };
  const size = typeof given === "string" ? given.trim().split(/\s*[x×]\s*/i).map(readWhole) : given;
  return Array.isArray(size) && size.length === 2 && !size.includes(undefined)
    ? { size }
    : undefined;
}

/** The field `pixel` that values make, and the values without its parts. */
export function joinPixel(values: GenerateValues): GenerateValues {
  const parts = Object.entries(values).filter(([name]) => name in PIXEL_FIELDS);
  const others = Object.entries(values).filter(([name]) => !(name in PIXEL_FIELDS));
  if (parts.length === 0) return values;
  const own = parts.map(([name, value]) => [name.slice("pixel.".length), value]);
  const { pixel = {} } = values;
  return {
    ...Object.fromEntries(others),
    pixel: { ...pixel as Record<string, unknown>, ...Object.fromEntries(own) },
  };
}

/** The size to generate where only that of the pixel art is given: what the model was made for. */
export function sizeFor({ pixel, model }: GenerateValues): { size?: [number, number] } {
  const { size } = (pixel ?? {}) as { size?: unknown };
  if (!Array.isArray(size) || size.length !== 2) return {};
  const [columns, rows] = size.map(Number) as [number, number];
  if (!(columns >= 1) || !(rows >= 1)) return {};
  return { size: nativeSize(typeof model === "string" ? model : "", [columns, rows]) };
}

function readWhole(given: unknown): number | undefined {
  const value = typeof given === "string" && /^\d{1,9}$/.test(given.trim()) ? Number(given) : given;
  return Number.isSafeInteger(value) ? value as number : undefined;
}

function readToggle(given: unknown): boolean | undefined {
  if (typeof given === "boolean") return given;
  if (given === "true" || given === "yes") return true;
  return given === "false" || given === "no" ? false : undefined;
}

function readFactors(given: unknown): number[] | undefined {
  const items = Array.isArray(given) ? given : String(given).split(",");
  const factors = items.map(readWhole);
  return factors.includes(undefined) ? undefined : factors as number[];
}

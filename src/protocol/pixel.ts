/** What the field `pixel` may hold, told without the schemas, which take a while to load. Pure. */

import type { PixelOptions, PixelResult } from "./messages.ts";
import {
  DITHERS,
  MAX_CELLS,
  MAX_COLORS,
  MAX_EXTRUDE,
  MAX_PALETTE_NAME_CHARS,
  MAX_PIXEL_RESULTS,
  MAX_SCALE,
  MAX_SCALES,
  MAX_SEAMS,
  OUTLINE,
  OUTLINE_WORDS,
} from "./limits.ts";

/** Largest count; typed peers keep them in 32 bits. */
const MAX_COUNT = 2 ** 31 - 1;

/** Longest distance within an image, in pixels. */
const MAX_SIDE = 16_384;

/** Most warnings about one image, and the longest of them. */
const [MAX_WARNINGS, MAX_WARNING_CHARS] = [16, 64];

/** Completes "must be …" for each field, after its check. */
const FIELDS: Readonly<
  Record<keyof PixelOptions, readonly [check: (value: unknown) => boolean, expected: string]>
> = {
  enabled: [isToggle, "true or false"],
  size: [
    (value) => value === "auto" || isSize(value),
    `auto or width and height, each from 1 to ${MAX_CELLS}`,
  ],
  colors: [
    (value) => value === "auto" || isWhole(value, 1, MAX_COLORS),
    `auto or a whole number from 1 to ${MAX_COLORS}`,
  ],
  palette: [isName, `a name of 1 to ${MAX_PALETTE_NAME_CHARS} characters`],
  dither: [(value) => DITHERS.some((kind) => kind === value), `one of ${DITHERS.join(", ")}`],
  background: [(value) => value === "keep" || value === "transparent", "keep or transparent"],
  outline: [
    (value) => typeof value === "string" && OUTLINE.test(value),
    OUTLINE_WORDS,
  ],
  scale: [isScale, `up to ${MAX_SCALES} whole numbers from 2 to ${MAX_SCALE}`],
  extrude: [
    (value) => isWhole(value, 0, MAX_EXTRUDE),
    `a whole number from 0 to ${MAX_EXTRUDE}`,
  ],
  keep_original: [isToggle, "true or false"],
};

/** Says what is wrong with options, such as "size must be …"; undefined if nothing is. */
export function pixelFault(value: unknown): string | undefined {
  if (!isMap(value)) return "it must be a map";
  for (const [name, field] of Object.entries(value)) {
    if (!Object.hasOwn(FIELDS, name)) {
      return `${JSON.stringify(name)} is no option; known are ${Object.keys(FIELDS).join(", ")}`;
    }
    const [check, expected] = FIELDS[name as keyof PixelOptions];
    if (!check(field)) return `${name} must be ${expected}`;
  }
  return undefined;
}

/**
 * Whether a stored field is of the kinds that it must be. How long its list and its name are is not looked at
 * again: that may have been allowed when it was stored.
 */
export function isStoredPixel(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { palette, scale, ...others } = value;
  const isList = scale === undefined || (Array.isArray(scale) && scale.every(Number.isSafeInteger));
  const isText = palette === undefined || typeof palette === "string";
  return isList && isText && pixelFault(others) === undefined;
}

/** Whether what was stored, or came from an isolate, is what was found in images. */
export function isPixelResults(value: unknown): value is PixelResult[] {
  return Array.isArray(value) && value.length <= MAX_PIXEL_RESULTS && value.every(isPixelResult) &&
    value.reduce<number>((sum, { seams = [] }) => sum + seams.length, 0) <= MAX_SEAMS;
}

function isPixelResult(value: unknown): value is PixelResult {
  if (!isMap(value)) return false;
  const { image, original, size, cells, cell_size, offset, confidence, sure, colors, ...rest } =
    value;
  const { warnings, tileable, seams, ...unknown } = rest;
  return isCount(image) && (original === undefined || isCount(original)) && isCount(colors) &&
    isPair(size, isCount) && isPair(cells, isCount) && isPair(cell_size, isLength) &&
    isPair(offset, isOffset) && isShare(confidence) && isToggle(sure) &&
    Array.isArray(warnings) && warnings.length <= MAX_WARNINGS && warnings.every(isWarning) &&
    (tileable === undefined || isToggle(tileable)) &&
    (seams === undefined ||
      (Array.isArray(seams) && seams.every((seam) => isPair(seam, isShare)))) &&
    Object.keys(unknown).length === 0;
}

function isPair(value: unknown, check: (part: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(check);
}

function isCount(value: unknown): boolean {
  return isWhole(value, 0, MAX_COUNT);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isLength(value: unknown): boolean {
  return isBetween(value, 0, MAX_SIDE);
}

function isOffset(value: unknown): boolean {
  return isBetween(value, -MAX_SIDE, MAX_SIDE);
}

function isShare(value: unknown): boolean {
  return isBetween(value, 0, 1);
}

function isWarning(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_WARNING_CHARS;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}

function isToggle(value: unknown): boolean {
  return typeof value === "boolean";
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= MAX_PALETTE_NAME_CHARS;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isSize(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 &&
    value.every((side) => isWhole(side, 1, MAX_CELLS));
}

function isScale(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_SCALES &&
    value.every((factor) => isWhole(factor, 2, MAX_SCALE));
}

/** Palettes by name: those that come with us, and files of one folder. */

import { ConfigError, ImageError, JobError } from "../../errors.ts";
import { decodePng, isPng, pngSize } from "../../images/mod.ts";
import {
  MOST_PALETTE_BYTES,
  type Palette,
  PALETTE_NAMES,
  paletteOfImage,
  readPalette,
  shippedPalette,
} from "../../pixels/mod.ts";
import type { NamedPalette } from "../../executor/messages.ts";
import { nearestNames } from "../../protocol/names.ts";
import { invalidShape } from "../shape.ts";

/** Endings of palette files, which a name may leave out. */
const ENDINGS = ["hex", "gpl", "pal", "txt", "ase", "png"];

/** Largest image that a palette is taken from, in pixels: each has one colour. */
const MAX_PALETTE_PIXELS = 65_536;

/** Most files of the folder that are listed, or compared with a name that nothing has. */
const MAX_NAMES = 1_000;

/**
 * Finds a palette. A shipped one goes before a file of its name; a file is named with or without its
 * ending, and must lie in the folder itself.
 *
 * @param dir Real path of the folder, if there is one.
 * @throws {JobError} `invalid_parameter` if there is no such palette, or its file is none.
 */
export async function findPalette(name: string, dir: string | undefined): Promise<Palette> {
  const shipped = shippedPalette(name);
  if (shipped !== undefined) return shipped;
  const path = dir === undefined ? undefined : await findFile(name, dir);
  if (path === undefined) throw await unknown(name, dir);
  try {
    return readFile(await readBounded(path, name), name);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ImageError) {
      throw invalid(error.message, error);
    }
    throw error;
  }
}

/** The real path of a file in the folder; a link that leads out of it counts as nothing. */
async function findFile(name: string, dir: string): Promise<string | undefined> {
  // A separator, a drive or a hidden name: none of these can be a file of the folder.
  if (!/^[^./\\:\0][^/\\:\0]*$/.test(name)) return undefined;
  for (const file of [name, ...ENDINGS.map((ending) => `${name}.${ending}`)]) {
    if (bare(file) === file) continue;
    const path = await Deno.realPath(`${dir}/${file}`).catch(() => undefined);
    if (path?.startsWith(`${dir.replace(/\/$/, "")}/`)) return path;
  }
  return undefined;
}

async function readBounded(path: string, name: string): Promise<Uint8Array> {
  try {
    const { isFile, size } = await Deno.stat(path);
    // A pipe would be waited for without end.
    if (!isFile) throw invalid(`${JSON.stringify(name)} is no file`);
    if (size > MOST_PALETTE_BYTES) {
      throw invalid(
        `${JSON.stringify(name)} has ${size} bytes, more than ${MOST_PALETTE_BYTES}`,
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof JobError) throw cause;
    throw invalid(`${JSON.stringify(name)} cannot be read by the worker`, cause);
  }
}

function readFile(bytes: Uint8Array, name: string): Palette {
  if (!isPng(bytes)) return readPalette(bytes, name);
  const { width, height } = pngSize(bytes);
  if (width * height > MAX_PALETTE_PIXELS) {
    throw invalid(
      `${JSON.stringify(name)} has ${width}x${height} pixels, more than ${MAX_PALETTE_PIXELS}`,
    );
  }
  return paletteOfImage(decodePng(bytes), name);
}

/** All palettes: first those that come with us, then those of the folder, if there is one, that can be read. */
export async function namedPalettes(dir: string | undefined): Promise<NamedPalette[]> {
  const found: NamedPalette[] = [];
  for (const name of await paletteNames(dir)) {
    const palette = await findPalette(name, dir).catch(() => undefined);
    if (palette !== undefined) found.push({ name, colors: hexOf(palette) });
  }
  return found;
}

function hexOf({ colors }: Palette): string[] {
  return Array.from({ length: colors.length / 3 }, (_, index) => {
    return `#${colors.slice(3 * index, 3 * index + 3).toHex()}`;
  });
}

async function paletteNames(dir: string | undefined): Promise<string[]> {
  const own = dir === undefined ? [] : await namesIn(dir);
  return [...new Set([...PALETTE_NAMES, ...own.toSorted()])];
}

async function unknown(name: string, dir: string | undefined): Promise<JobError> {
  const names = await paletteNames(dir);
  const nearest = nearestNames(bare(name), names);
  const remedy = nearest.length > 0
    ? `did you mean ${nearest.join(" or ")}?`
    : `there are ${PALETTE_NAMES.join(", ")}${dir === undefined ? "" : " and the worker's own"}`;
  return invalid(`there is no palette ${JSON.stringify(name)}; ${remedy}`);
}

async function namesIn(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (names.length >= MAX_NAMES) break;
      if (bare(name) !== name) names.push(bare(name));
    }
  } catch {
    // Then nothing of it can be meant.
  }
  return names;
}

/** A file's name without its ending. */
function bare(name: string): string {
  const ending = ENDINGS.find((ending) => name.toLowerCase().endsWith(`.${ending}`));
  return ending === undefined ? name : name.slice(0, -ending.length - 1);
}

function invalid(why: string, cause?: unknown): JobError {
  return invalidShape("pixel.palette", why, cause);
}

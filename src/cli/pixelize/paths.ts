/** Where `pixelize` puts its results: never in the place of an image, nor two in one place. */

import { ConfigError } from "../../errors.ts";

/** What says where results go. */
export interface PathOptions {
  /** File of the one result. */
  readonly output?: string;
  /** Directory of the results. */
  readonly outputDir?: string;
  /** Enlargements that are written as well. */
  readonly scale?: readonly number[];
}

/** Endings of images that a still result is not. */
const OTHER_KIND = /\.(?:jpe?g|gif|webp|bmp|tiff?|avif)$/i;

/** Where the result of an image goes. */
export function outputPath(file: string, { output, outputDir }: PathOptions): string {
  if (output !== undefined) return output;
  const stem = file.replace(/\.[^./\\]*$/, "");
  if (outputDir === undefined) return `${stem}.pixel.png`;
  return `${outputDir.replace(/[/\\]+$/, "")}/${stem.split(/[/\\]/).at(-1)!}.png`;
}

/** Where an enlargement goes: `NAME@4x.png`. */
export function scaledPath(path: string, factor: number): string {
  return path.replace(/(\.[^./\\]*)?$/, `@${factor}x$1`);
}

/**
 * Checks where the results of images go.
 *
 * @throws {ConfigError} `usage` if one would take the place of an image or of another, or is named as
 *   what it is not.
 */
export async function checkPaths(files: readonly string[], options: PathOptions): Promise<void> {
  const inputs = new Map<string, string>();
  for (const file of files) inputs.set(await placeOf(file), file);
  const results = new Map<string, string>();
  for (const file of files) {
    const path = outputPath(file, options);
    if (OTHER_KIND.test(path)) {
      throw new ConfigError("usage", `The result is a PNG; give ${path} the ending .png`);
    }
    for (const one of [path, ...(options.scale ?? []).map((factor) => scaledPath(path, factor))]) {
      const place = await placeOf(one);
      const input = inputs.get(place);
      if (input !== undefined) refuse(file, input);
      const other = results.get(place);
      if (other !== undefined && other !== file) refuse(file, `that of ${other}`);
      results.set(place, file);
    }
  }
}

/**
 * Checks where the animation of frames goes.
 *
 * @throws {ConfigError} `usage` if it would take the place of a frame, or is of another kind.
 */
export async function checkAnimationPath(files: readonly string[], path: string): Promise<void> {
  if (!/\.(?:gif|a?png)$/i.test(path)) {
    throw new ConfigError("usage", `An animation is a .gif or a .png, not ${path}`);
  }
  const place = await placeOf(path);
  for (const file of files) if (await placeOf(file) === place) refuse(file, file);
}

function refuse(file: string, taken: string): never {
  const whose = file === taken ? "The result" : `The result of ${file}`;
  throw new ConfigError("usage", `${whose} would take the place of ${taken}; name another file`);
}

/** One and the same for all names of a file, whether there is one yet or not. */
async function placeOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    const [, parent = "", name = ""] = /^(.*[/\\])?([^/\\]*)$/s.exec(path) ?? [];
    try {
      return `${await Deno.realPath(parent === "" ? "." : parent)}/${name}`;
    } catch {
      return path.replace(/^(?:\.[/\\])+/, "");
    }
  }
}

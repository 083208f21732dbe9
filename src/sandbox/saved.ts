/** What is told of the files of a job: their paths in order, and what was found in them. Pure. */

import type { PixelResult } from "../protocol/mod.ts";
import { MAX_ANIMATION_PATHS, MAX_PIXEL_RESULTS, MAX_SEAMS } from "../protocol/limits.ts";
import { isAtlasFile } from "./atlas_files.ts";
import type { FileSet } from "./staging.ts";

/** What a job has made. */
export interface Saved {
  /** Absolute paths of the images. */
  readonly imagePaths: string[];
  /** Absolute paths of animations as files that play; absent where there are none. */
  readonly animationPaths?: string[];
  /** What was found where they were made pixel art; absent where none was to be. */
  readonly pixel?: PixelResult[];
}

/**
 * Puts the paths of files in order: images, then what is beside them.
 *
 * @param published The paths of each set, in the order of its files.
 */
export function savedFiles(
  sets: readonly FileSet[],
  published: readonly (readonly string[])[],
): Saved {
  const all = sets.flatMap(({ files }, set) =>
    files.map((file, index) => ({ set, path: published[set]?.[index] ?? "", ...marksOf(file) }))
  ).filter(({ path }) => !isAtlasFile(path));
  const animationPaths = all.filter(({ plays }) => plays).map(({ path }) => path)
    .slice(0, MAX_ANIMATION_PATHS);
  const files = all.filter(({ plays }) => !plays);
  const ordered = [
    ...files.filter(({ isExtra }) => !isExtra),
    ...files.filter(({ isExtra }) => isExtra),
  ];
  const imagePaths = ordered.map(({ path }) => path);
  const saved = { imagePaths, ...(animationPaths.length === 0 ? {} : { animationPaths }) };
  if (sets.every(({ found }) => found === undefined)) return saved;
  const pixel: PixelResult[] = [];
  let seamsLeft = MAX_SEAMS;
  for (const [index, { found }] of sets.entries()) {
    if (found === undefined || pixel.length === MAX_PIXEL_RESULTS) continue;
    const image = ordered.findIndex(({ set }) => set === index);
    const original = ordered.findIndex(({ set, isOriginal }) => set === index && isOriginal);
    const { seams, ...others } = found;
    const told = seams?.slice(0, seamsLeft);
    seamsLeft -= told?.length ?? 0;
    pixel.push({
      image,
      ...(original < 0 ? {} : { original }),
      ...others,
      ...(told === undefined ? {} : { seams: told }),
    });
  }
  return { ...saved, pixel };
}

function marksOf(file: FileSet["files"][number]) {
  const { isExtra = false, isOriginal = false, plays = false } = "text" in file ? {} : file;
  return { isExtra, isOriginal, plays };
}

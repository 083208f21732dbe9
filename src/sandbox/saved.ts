/** What is told of the files of a job: their paths in order, and what was found in them. Pure. */

import type { PixelResult } from "../protocol/mod.ts";
import { MAX_PIXEL_RESULTS, MAX_SEAMS } from "../protocol/limits.ts";
import { isAtlasFile } from "./atlas_files.ts";
import type { FileSet } from "./staging.ts";

/** What a job has made. */
export interface Saved {
  /** Absolute paths of the images. */
  readonly imagePaths: string[];
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
  const files = sets.flatMap(({ files }, set) =>
    files.map((file, index) => ({ set, path: published[set]?.[index] ?? "", ...marksOf(file) }))
  ).filter(({ path }) => !isAtlasFile(path));
  const ordered = [
    ...files.filter(({ isExtra }) => !isExtra),
    ...files.filter(({ isExtra }) => isExtra),
  ];
  const imagePaths = ordered.map(({ path }) => path);
  if (sets.every(({ found }) => found === undefined)) return { imagePaths };
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
  return { imagePaths, pixel };
}

function marksOf(file: FileSet["files"][number]): { isExtra: boolean; isOriginal: boolean } {
  if ("text" in file) return { isExtra: false, isOriginal: false };
  return { isExtra: file.isExtra ?? false, isOriginal: file.isOriginal ?? false };
}

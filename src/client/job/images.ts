/** The images of a job that has more of them than go into one message. */

import { JobError } from "../../errors.ts";

/** The images that a message tells of. */
export interface ToldImages {
  /** Paths, from the first on. */
  readonly paths: readonly string[];
  /** How many there are; undefined if these are all. */
  readonly count: number | undefined;
}

/**
 * All paths.
 *
 * @param askFrom Asks for more, from the image of this number on.
 * @throws {JobError} `lost` if the worker tells of no more, though there are some.
 */
export async function allImages(
  { paths, count = paths.length }: ToldImages,
  askFrom: (first: number) => Promise<readonly string[]>,
): Promise<string[]> {
  const all = [...paths];
  while (all.length < count) {
    const more = await askFrom(all.length);
    if (more.length === 0) {
      throw new JobError("lost", `The worker told ${all.length} of ${count} images; ask it again`);
    }
    all.push(...more);
  }
  return all;
}

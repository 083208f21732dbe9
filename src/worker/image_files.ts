/** The files of jobs: which there are, where they are kept, and how they go. */

import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Job, JobResult } from "../queue/mod.ts";
import { type ImageFile, type ImageStore, nameOf, openLocal } from "../store/mod.ts";
import type { KeptImages } from "./attempt.ts";

/** Endings of what lies beside a sheet. */
const BESIDE_SHEET = [".json", ".tsj", ".tres"];

/** All files that a job may have made: what lies beside a sheet is not told of. */
export function filesOf({ imagePaths, animationPaths = [] }: JobResult): string[] {
  const beside = imagePaths.filter((path) => path.endsWith("_sheet.png")).flatMap((path) => {
    const stem = path.slice(0, -".png".length);
    return BESIDE_SHEET.map((ending) => `${stem}${ending}`);
  });
  return [...imagePaths, ...animationPaths, ...beside];
}

/** Keeps all files of a run in a folder of its prompt's: a run that is taken up again finds the same. */
export function keepIn(store: ImageStore): KeptImages {
  return {
    async store(result, promptId, signal) {
      const files = filesOf(result);
      const told = new Set([...result.imagePaths, ...result.animationPaths ?? []]);
      const isThere = await Promise.all(
        files.map(async (path) =>
          told.has(path) || await Deno.stat(path).then(() => true, () => false)
        ),
      );
      return await store.put(promptId, files.filter((_, index) => isThere[index]), signal);
    },
    discard: (result, promptId) => store.discard(promptId, filesOf(result)),
  };
}

/** Opens files of jobs: those on this disk, others from the store. */
export function openFrom(
  outputDir: string,
  store: ImageStore | undefined,
): (path: string, url: string | undefined) => Promise<ImageFile | undefined> {
  return async (path, url) => {
    const local = await openLocal(outputDir, path);
    if (local !== undefined || store === undefined || url === undefined) return local;
    return await store.open(url);
  };
}

/** Removes the files of jobs from the store; what cannot be removed stays, and is logged. */
export async function removeStored(
  store: Pick<ImageStore, "remove">,
  jobs: readonly Job[],
  logger: Logger,
): Promise<void> {
  for (const { id, outcome } of jobs) {
    if (outcome?.type !== "completed" || outcome.result.storedAt === undefined) continue;
    const { storedAt } = outcome.result;
    for (const path of filesOf(outcome.result)) {
      try {
        await store.remove(`${storedAt}/${nameOf(path)}`);
      } catch (error) {
        const why = `Cannot delete a stored image of an old job: ${messageOf(error)}`;
        logger.log("warn", why, { jobId: id });
        break;
      }
    }
  }
}

/** Deletes the images of jobs that are about to be forgotten, if the settings ask for that. */

import type { Logger } from "../log.ts";
import type { Job } from "../queue/mod.ts";
import type { ImageStore } from "../store/mod.ts";
import { filesOf, removeStored } from "./image_files.ts";

/** How much later than its job's end a file of ours can have been written: clocks differ a little. */
const SLACK_MS = 60_000;

/** Deletes files of jobs. */
export type DeleteFiles = (jobs: readonly Job[]) => Promise<void>;

/**
 * Creates what deletes files. Only those go that a job says it wrote: ordinary files below the output directory,
 * links not followed, which nobody has changed since the job ended. What cannot be deleted stays, and is logged.
 *
 * @param outputDir Its real path.
 * @param store Where they are, too, if anywhere.
 */
export function deleteForgotten(
  outputDir: string,
  store: Pick<ImageStore, "remove"> | undefined,
  logger: Logger,
): DeleteFiles {
  return async (jobs) => {
    if (store !== undefined) await removeStored(store, jobs, logger);
    let files = 0;
    for (const job of jobs) {
      const { outcome } = job;
      for (const path of outcome?.type === "completed" ? filesOf(outcome.result) : []) {
        if (await remove(path, job, outputDir, logger)) files += 1;
      }
    }
    if (files > 0) logger.log("info", "Deleted images of old jobs", { files, jobs: jobs.length });
  };
}

async function remove(
  path: string,
  { id, finishedAtMs = 0 }: Job,
  outputDir: string,
  logger: Logger,
): Promise<boolean> {
  try {
    const folder = await Deno.realPath(path.slice(0, path.lastIndexOf("/") + 1));
    if (folder !== outputDir && !folder.startsWith(`${outputDir}/`)) return false;
    const { isFile, mtime } = await Deno.lstat(path);
    // Somebody has put another one in its place, or worked on it.
    if (!isFile || mtime === null || mtime.getTime() > finishedAtMs + SLACK_MS) return false;
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    const why = error instanceof Error ? error.message : String(error);
    logger.log("warn", `Cannot delete an image of an old job: ${why}`, { jobId: id });
    return false;
  }
}

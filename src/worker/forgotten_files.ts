/** Deletes the images of jobs that are about to be forgotten, if the settings ask for that. */

import type { Logger } from "../log.ts";
import type { Job } from "../queue/mod.ts";

/** How much later than its job's end a file of ours can have been written: clocks differ a little. */
const SLACK_MS = 60_000;

/** Endings of what lies beside a sheet. */
const BESIDE_SHEET = [".json", ".tsj", ".tres"];

/** Deletes files of jobs. */
export type DeleteFiles = (jobs: readonly Job[]) => Promise<void>;

/**
 * Creates what deletes files. Only those go that a job says it wrote: ordinary files below the output directory,
 * links not followed, which nobody has changed since the job ended. What cannot be deleted stays, and is logged.
 *
 * @param outputDir Its real path.
 */
export function deleteForgotten(outputDir: string, logger: Logger): DeleteFiles {
  return async (jobs) => {
    let files = 0;
    for (const job of jobs) {
      for (const path of pathsOf(job)) {
        if (await remove(path, job, outputDir, logger)) files += 1;
      }
    }
    if (files > 0) logger.log("info", "Deleted images of old jobs", { files, jobs: jobs.length });
  };
}

function pathsOf({ outcome }: Job): string[] {
  if (outcome?.type !== "completed") return [];
  return outcome.result.imagePaths.flatMap((path) => {
    if (!path.endsWith("_sheet.png")) return [path];
    const stem = path.slice(0, -".png".length);
    return [path, ...BESIDE_SHEET.map((ending) => `${stem}${ending}`)];
  });
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

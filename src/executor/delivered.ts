/**
 * Whether the files are there that an isolate says it has made: what it says is published, and read by others
 * with more rights than its own.
 */

import { messageOf } from "../errors.ts";
import type { RunOutcome } from "./messages.ts";
import { INVALID } from "./readers.ts";

/** Files of other jobs that are remembered. */
const REMEMBERED = 4_096;

/** Files that are looked at together. */
const TOGETHER = 64;

/** Another attempt may find all in order: ComfyUI still has the images. */
const AGAIN = { type: "failed", retry: true, keepPrompt: true, crashed: false } as const;

/** The files of the jobs of a worker. */
export class Deliveries {
  /** Whose a file is, by what the disk knows it by. */
  readonly #owners = new Map<string, string>();

  /**
   * Looks at the files of a job that is said to have completed.
   *
   * @returns a failure if they are gone; {@linkcode INVALID} for what no isolate of ours would name: a folder or
   *   link, an empty file, one of another job.
   */
  async judge(
    outcome: Extract<RunOutcome, { type: "completed" }>,
    jobId: string,
    folder: string,
  ): Promise<RunOutcome | typeof INVALID> {
    const paths = [...outcome.imagePaths, ...outcome.animationPaths ?? []];
    if (new Set(paths).size < paths.length) return INVALID;
    const marks: string[] = [];
    for (let from = 0; from < paths.length; from += TOGETHER) {
      const some = paths.slice(from, from + TOGETHER);
      const found = await Promise.all(some.map(look));
      for (const [nth, info] of found.entries()) {
        if (info === "missing") return await explain(some[nth]!, folder);
        if (info === "unknown") continue;
        if (!info.isFile || info.size === 0) return INVALID;
        // Some systems do not number files.
        if (!info.ino) continue;
        const mark = markOf(info);
        if ((this.#owners.get(mark) ?? jobId) !== jobId) return INVALID;
        marks.push(mark);
      }
    }
    for (const mark of marks) this.#remember(mark, jobId);
    return outcome;
  }

  #remember(mark: string, jobId: string): void {
    this.#owners.set(mark, jobId);
    if (this.#owners.size <= REMEMBERED) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }
}

async function look(path: string): Promise<Deno.FileInfo | "missing" | "unknown"> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "missing" : "unknown";
  }
}

/** Somebody has been quick to tidy up, or it never was. */
async function explain(path: string, folder: string): Promise<RunOutcome> {
  try {
    await Deno.lstat(folder);
    return { ...AGAIN, code: "output", error: `${path} was gone as soon as it was written` };
  } catch (error) {
    return { ...AGAIN, code: "storage", error: messageOf(error) };
  }
}

/** Its number alone would be given again when it is deleted. */
function markOf({ dev, ino, size, birthtime, mtime }: Deno.FileInfo): string {
  return [dev, ino, size, birthtime?.getTime(), mtime?.getTime()].join(":");
}

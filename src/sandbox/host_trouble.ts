/** Tells the worker's own trouble (a full disk, a folder that is gone) from what a job is to blame for. */

import { JobError } from "../errors.ts";

/** What the system says of a disk or a process that can do no more, whatever it is asked. */
const CODES: ReadonlySet<string> = new Set([
  "EACCES",
  "EDQUOT",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENODEV",
  "ENOENT",
  "ENOSPC",
  "ENOTDIR",
  "EPERM",
  "EROFS",
  "ESTALE",
]);

/** True for an error of the file system by which the next job would fail, too. */
export function isHostTrouble(error: unknown): boolean {
  if (error instanceof JobError) return error.code === "storage";
  if (!(error instanceof Error)) return false;
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
    return true;
  }
  // A module that cannot be loaded has no code.
  if (error.message.includes("Too many open files")) return true;
  return "code" in error && typeof error.code === "string" && CODES.has(error.code);
}

/** Where a page of jobs begins. */

import { JobError } from "../errors.ts";

/**
 * The number of the job that a page begins behind; without a cursor one behind all.
 *
 * @throws {JobError} `invalid_parameter` for a cursor that no page has told.
 */
export function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const before = /^-?\d{1,16}$/.test(cursor) ? Number(cursor) : NaN;
  if (Number.isSafeInteger(before)) return before;
  throw new JobError("invalid_parameter", "Invalid parameter: cursor: not one of this list");
}

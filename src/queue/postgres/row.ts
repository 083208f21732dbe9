/** Rows as PostgreSQL keeps them. */

import type { Job, Lease } from "../job.ts";
import { type JobRow, toJob, toLease } from "../row.ts";
import type { StoredRow } from "./client.ts";
import { idOf } from "./id.ts";

/** Reads what the library gives. */
export function readRow(stored: StoredRow): JobRow {
  const { id, request, cancel_requested, prompt_started } = stored;
  return {
    ...stored as unknown as JobRow,
    id: idOf(id as Uint8Array),
    request: plainBytes(request as Uint8Array),
    cancel_requested: cancel_requested === true ? 1 : 0,
    prompt_started: prompt_started === true ? 1 : 0,
  };
}

/** The job that a row stands for. */
export function readJob(stored: StoredRow): Job {
  return toJob(readRow(stored));
}

/** The lease that a row was claimed by. */
export function readLease(stored: StoredRow): Lease {
  return toLease(readRow(stored), String(stored["token"]), stored["resumed"] === true);
}

/** Node's own kind of bytes slices in another way. */
function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

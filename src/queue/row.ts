/** A row of the `jobs` table, and the job that it stands for. */

import type { GenerateRequest, JobState } from "../protocol/mod.ts";
import { decodeStored } from "../protocol/stored.ts";
import type { Job, JobOutcome } from "./job.ts";

/** Columns as SQLite gives them. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly request: Uint8Array;
  readonly state: JobState;
  readonly priority: number;
  readonly attempts: number;
  readonly cancel_requested: 0 | 1;
  readonly workflow: string | null;
  readonly server: string | null;
  readonly prompt_id: string | null;
  readonly client_id: string | null;
  readonly prompt_started: 0 | 1;
  readonly avoid_server: string | null;
  readonly crashes: number;
  readonly deadline_at_ms: number | null;
  readonly due_ms: number;
  readonly seed: number;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly finished_at_ms: number | null;
  readonly outcome: string | null;
}

/** Reads a row back as a job. */
export function toJob(row: JobRow): Job {
  const request = decodeStored(row.request);
  return {
    // Not the column, which node:sqlite reads only up to a NUL.
    id: request.id,
    request,
    state: row.state,
    attempts: row.attempts,
    seed: row.seed,
    cancelRequested: row.cancel_requested === 1,
    workflow: row.workflow ?? undefined,
    server: row.server ?? undefined,
    avoidServer: row.avoid_server ?? undefined,
    crashes: row.crashes,
    deadlineAtMs: row.deadline_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms ?? undefined,
    finishedAtMs: row.finished_at_ms ?? undefined,
    outcome: row.outcome === null ? undefined : JSON.parse(row.outcome) as JobOutcome,
  };
}

/** A job that has just been accepted. */
export function newJob(
  request: GenerateRequest,
  decided: Pick<Job, "workflow" | "seed" | "createdAtMs" | "deadlineAtMs">,
): Job {
  return {
    id: request.id,
    request,
    state: "queued",
    attempts: 0,
    cancelRequested: false,
    server: undefined,
    avoidServer: undefined,
    crashes: 0,
    startedAtMs: undefined,
    finishedAtMs: undefined,
    outcome: undefined,
    ...decided,
  };
}

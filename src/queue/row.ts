/** A row of the `jobs` table, and the job that it stands for. */

import { messageOf } from "../errors.ts";
import type { GenerateRequest, JobState } from "../protocol/mod.ts";
import { isPixelResults } from "../protocol/pixel.ts";
import { decodeStored } from "../protocol/stored.ts";
import {
  type Ending,
  isTerminal,
  type Job,
  type JobOutcome,
  type JobResult,
  type Lease,
} from "./job.ts";

/** Columns of a row that was read. Numbers are safe integers, whatever is stored. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly request: Uint8Array;
  readonly state: JobState;
  readonly attempts: number;
  readonly cancel_requested: number;
  readonly workflow: string | null;
  readonly server: string | null;
  readonly worker?: string | null;
  readonly prompt_id: string | null;
  readonly client_id: string | null;
  readonly prompt_started: number;
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

/** Columns of a job that has ended, without what was asked for. */
export type EndingRow = Pick<
  JobRow,
  "id" | "state" | "seed" | "created_at_ms" | "started_at_ms" | "finished_at_ms" | "outcome"
>;

/** Longest name of a job that a message can carry. */
const MAX_ID_CHARS = 512;

/** Longest name of a workflow, server, prompt or socket that can have been stored. */
const MAX_NAME_CHARS = 4_096;

/** More attempts or crashes than anything can have seen, and few enough to be counted on. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Latest time that a date can have, Unix milliseconds. */
const MAX_TIME_MS = 8.64e15;

/** The lease that a row was claimed by, with what the job asks for, if that was read already. */
export function toLease(
  row: JobRow,
  token: string,
  resumed: boolean,
  request?: GenerateRequest,
): Lease {
  return {
    job: toKnownJob(row, request),
    token,
    promptId: row.prompt_id!,
    clientId: row.client_id ?? "",
    resumed,
    promptStarted: row.prompt_started === 1,
  };
}

/**
 * Reads a row back as a job. One that is damaged is a job all the same, with `damage` to tell why and
 * whatever of it can be read: it is shown and ended like others, but never run.
 */
export function toJob(row: JobRow): Job {
  return jobOf(row, attempt(() => readRequest(row)));
}

/** The same for a row of which it may be known already what the job asks for. */
export function toKnownJob(row: JobRow, request: GenerateRequest | undefined): Job {
  return request === undefined ? toJob(row) : jobOf(row, { value: request });
}

function jobOf(row: JobRow, request: { value?: GenerateRequest; damage?: string }): Job {
  const outcome = attempt(() => readOutcome(row));
  const damage = request.damage ?? outcome.damage ?? damageOf(row);
  const job: Job = {
    // Not the column, which node:sqlite reads only up to a NUL.
    id: row.id.isWellFormed() ? request.value?.id ?? shownId(row) : row.id,
    request: request.value ?? placeholder(shownId(row)),
    state: row.state,
    attempts: row.attempts,
    seed: row.seed,
    cancelRequested: row.cancel_requested === 1,
    workflow: nameOf(row.workflow),
    server: nameOf(row.server),
    ...(row.worker === undefined || row.worker === null ? {} : { worker: nameOf(row.worker) }),
    avoidServer: nameOf(row.avoid_server),
    crashes: row.crashes,
    deadlineAtMs: row.deadline_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms ?? undefined,
    finishedAtMs: row.finished_at_ms ?? undefined,
    outcome: outcome.value,
  };
  return damage === undefined ? job : { ...job, ...mended(job, damage), damage };
}

/** Reads back how a job ended; one whose row is damaged has failed. */
export function toEnding(row: EndingRow): Ending {
  const { value, damage } = attempt(() => readOutcome(row));
  const timeOf = (ms: number | null) => ms === null ? undefined : clampTime(ms);
  const outcome = value ?? { type: "failed", error: damageError(damage!) } as const;
  return {
    id: row.id,
    state: outcome.type,
    seed: Math.max(0, Math.min(row.seed, Number.MAX_SAFE_INTEGER)),
    createdAtMs: clampTime(row.created_at_ms),
    startedAtMs: timeOf(row.started_at_ms),
    finishedAtMs: timeOf(row.finished_at_ms),
    outcome,
  };
}

/** Reads back how a job ended; undefined if it has not, or nobody can tell. */
export function outcomeOf(row: Pick<EndingRow, "state" | "outcome">): JobOutcome | undefined {
  return attempt(() => readOutcome(row)).value;
}

/** What is said of a job whose row is damaged. */
export function damageError(damage: string): string {
  return `The queue's record of this job is damaged (${damage}); send it again under another id`;
}

/** Puts right what others rely on. */
function mended(job: Job, damage: string): Partial<Job> {
  const times = {
    createdAtMs: clampTime(job.createdAtMs),
    startedAtMs: job.startedAtMs === undefined ? undefined : clampTime(job.startedAtMs),
    finishedAtMs: job.finishedAtMs === undefined ? undefined : clampTime(job.finishedAtMs),
    attempts: Math.max(0, Math.min(job.attempts, MAX_COUNT)),
    seed: Math.max(0, job.seed),
  };
  if (!isTerminal(job.state)) return { ...times, outcome: undefined };
  if (job.outcome !== undefined) return times;
  return { ...times, state: "failed", outcome: { type: "failed", error: damageError(damage) } };
}

function readRequest(row: JobRow): GenerateRequest {
  const request = decodeStored(row.request);
  const [beforeNul] = request.id.split("\0");
  // The request has no half of a surrogate pair.
  const id = row.id.toWellFormed();
  if (id !== request.id && id !== beforeNul) throw new Error("Its id is another one");
  return request;
}

function readOutcome(
  { state, outcome }: Pick<EndingRow, "state" | "outcome">,
): JobOutcome | undefined {
  if (outcome === null) {
    if (isTerminal(state)) throw new Error("How it ended is not told");
    return undefined;
  }
  const value: unknown = JSON.parse(outcome);
  if (!isOutcome(value)) throw new Error("How it ended cannot be read");
  if (value.type !== state) throw new Error(`It is ${state}, but ended as ${value.type}`);
  return value;
}

function isOutcome(value: unknown): value is JobOutcome {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  if (value.type === "failed") return "error" in value && typeof value.error === "string";
  if (value.type !== "completed") return value.type === "cancelled";
  const { result } = value as {
    result?: { [Field in keyof JobResult]?: unknown };
  };
  if (result?.storedAt !== undefined && !isPath(result.storedAt)) return false;
  if (result?.pixel !== undefined && !isPixelResults(result.pixel)) return false;
  if (result?.seed !== undefined && !Number.isSafeInteger(result.seed)) return false;
  if (result?.animationPaths !== undefined && !arePaths(result.animationPaths)) return false;
  return arePaths(result?.imagePaths);
}

function arePaths(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isPath);
}

/** One of which a message can tell. */
function isPath(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_NAME_CHARS;
}

/** A name, unless it is so long that no message about the job could carry it. */
export function nameOf(name: string | null): string | undefined {
  return name === null || name.length > MAX_NAME_CHARS ? undefined : name;
}

/** What nobody can have stored. A deadline may be any: it only never comes, or has passed. */
function damageOf(row: JobRow): string | undefined {
  const names = [row.workflow, row.server, row.avoid_server, row.prompt_id, row.client_id];
  if (names.some((name) => name !== null && name.length > MAX_NAME_CHARS)) {
    return "A name is too long";
  }
  const times = [row.created_at_ms, row.started_at_ms ?? 0, row.finished_at_ms ?? 0];
  if (times.some((time) => time < 0 || time > MAX_TIME_MS)) return "A time is out of range";
  // The next attempt of such a job could not be stored, nor any job behind it be reached.
  if (row.attempts >= MAX_COUNT || row.crashes >= MAX_COUNT) return "A number is out of range";
  const counts = [row.attempts, row.crashes, row.seed];
  return counts.some((count) => count < 0) ? "A number is negative" : undefined;
}

function attempt<T>(read: () => T): { value?: T; damage?: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { damage: messageOf(error) };
  }
}

function shownId({ id }: JobRow): string {
  return id === "" ? "(unreadable)" : id.slice(0, MAX_ID_CHARS);
}

function clampTime(ms: number): number {
  return Math.max(0, Math.min(ms, MAX_TIME_MS));
}

function placeholder(id: string): GenerateRequest {
  return { type: "generate", id, prompt: "", model: "", size: [16, 16], steps: 1, cfg_scale: 0 };
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

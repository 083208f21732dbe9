/**
 * The query of `GET /api/jobs`: which jobs, in which order, which part of them.
 *
 * @module
 */

import { type Job, JOB_STATES } from "../../engine/jobs.ts";
import type { JsonObject } from "../../json.ts";

/** What is asked for. */
export interface JobQuery {
  readonly type: "valid";
  /** States wanted; all when empty. */
  readonly states: readonly string[];
  /** Workflow wanted; any when `undefined`. */
  readonly workflowId: string | undefined;
  /** Sort key. */
  readonly sortBy: string;
  /** True for the largest first. */
  readonly isDescending: boolean;
  /** Most jobs wanted. */
  readonly limit: number | undefined;
  /** First job wanted. */
  readonly offset: number;
}

/** A query that cannot be answered. */
export interface InvalidQuery {
  readonly type: "invalid";
  /** The reason. */
  readonly reason: string;
}

const SORT_KEYS = ["created_at", "execution_duration"];
const SORT_ORDERS = ["asc", "desc"];

/** Reads the query. */
export function readJobQuery(query: URLSearchParams): JobQuery | InvalidQuery {
  const states = (query.get("status") ?? "").split(",").map((s) => s.trim().toLowerCase());
  const wanted = states.filter((state) => state !== "");
  const unknown = wanted.filter((state) => !JOB_STATES.some((known) => known === state));
  if (unknown.length > 0) return invalid(`Invalid status value(s): ${unknown.join(", ")}`);
  const sortBy = query.get("sort_by")?.toLowerCase() ?? "created_at";
  if (!SORT_KEYS.includes(sortBy)) {
    return invalid(`sort_by must be one of: ${SORT_KEYS.join(", ")}`);
  }
  const order = query.get("sort_order")?.toLowerCase() ?? "desc";
  if (!SORT_ORDERS.includes(order)) return invalid("sort_order must be 'asc' or 'desc'");
  const limit = wholeNumber(query.get("limit"));
  if (limit !== undefined && !(limit > 0)) return invalid("limit must be a positive integer");
  const offset = wholeNumber(query.get("offset")) ?? 0;
  if (Number.isNaN(offset)) return invalid("offset must be an integer");
  return {
    type: "valid",
    states: wanted,
    workflowId: query.get("workflow_id") ?? undefined,
    sortBy,
    isDescending: order === "desc",
    limit,
    offset: Math.max(0, offset),
  };
}

/** Filters and sorts. */
export function selectJobs(jobs: readonly Job[], query: JobQuery): Job[] {
  const key = query.sortBy === "created_at" ? createdAt : durationOf;
  const sign = query.isDescending ? -1 : 1;
  return jobs
    .filter(({ status }) => query.states.length === 0 || query.states.includes(status))
    .filter((job) => query.workflowId === undefined || job.workflow_id === query.workflowId)
    .sort((a, b) => sign * (key(a) - key(b)));
}

/** Cuts the wanted part out and tells what it is a part of. */
export function pageOf(jobs: readonly Job[], { limit, offset }: JobQuery): JsonObject {
  const page = jobs.slice(offset, limit === undefined ? undefined : offset + limit);
  const pagination = {
    offset,
    limit: limit ?? null,
    total: jobs.length,
    has_more: offset + page.length < jobs.length,
  };
  return { jobs: page, pagination } as unknown as JsonObject;
}

function createdAt({ create_time: time }: Job): number {
  return Number(time ?? 0);
}

function durationOf({ execution_start_time: start, execution_end_time: end }: Job): number {
  return Number(end ?? 0) - Number(start ?? 0);
}

function wholeNumber(text: string | null): number | undefined {
  if (text === null) return undefined;
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN;
}

function invalid(reason: string): InvalidQuery {
  return { type: "invalid", reason };
}

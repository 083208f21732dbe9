/** `jobs`: the newest jobs, one row each. */

import type { Client } from "../../client/mod.ts";
import type { JobDescription, JobState } from "../../protocol/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { describeRequest } from "../job_facts.ts";
import { fit, formatSeconds, renderTable } from "../text.ts";

/** The states that jobs can be looked for by. */
export const JOB_STATES: readonly JobState[] = [
  "queued",
  "running",
  "completed",
  "failed",
  "cancelled",
];

/** Most jobs that the wire protocol lets one answer have. */
const MAX_PAGE = 1_000;

/** Columns of a terminal for a prompt. */
const MOST_PROMPT = 60;

/** Options of the command. */
export interface JobsOptions extends ConnectionOptions {
  /** Only jobs in this state. */
  state?: JobState;
  /** Most jobs. */
  limit: number;
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runJobs(options: JobsOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const jobs = await newestJobs(client, options);
  if (options.json) io.out(jobs.map((job) => `${JSON.stringify(job)}\n`).join(""));
  else if (jobs.length === 0) io.err("There are no such jobs\n");
  else {
    const now = Date.now() / 1_000;
    const width = tableWidth(io);
    io.out(renderTable(jobs.map((job) => describeJob(job, now, width)), width));
  }
  return EXIT.ok;
}

/** The newest jobs, over as many pages as it takes. */
async function newestJobs(
  client: Client,
  { state, limit }: Pick<JobsOptions, "state" | "limit">,
): Promise<JobDescription[]> {
  const found: JobDescription[] = [];
  const filter = state === undefined ? {} : { state };
  let cursor: string | undefined;
  do {
    const page = await client.jobs({
      ...filter,
      limit: Math.min(limit - found.length, MAX_PAGE),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < limit);
  return found;
}

/** A job as the cells of a row; on a terminal a long prompt is cut. */
export function describeJob(job: JobDescription, nowS: number, width: number): string[] {
  const age = `${formatSeconds(nowS - job.created_at)} old`;
  const prompt = width === Infinity ? job.prompt : fit(job.prompt ?? "", MOST_PROMPT);
  return [job.job_id, job.state, standing(job), age, prompt ?? "", describeRequest(job)];
}

/** What there is to say in a job's state. */
function standing(job: JobDescription): string {
  switch (job.state) {
    case "queued":
      return job.position === undefined ? "" : `${job.position} before it`;
    case "running":
      return job.progress === undefined ? "" : `${job.progress.percent.toFixed(0)} %`;
    case "completed":
      return job.image_path ?? "";
    case "failed":
      return job.error ?? "";
    case "cancelled":
      return "";
    default:
      return job.state satisfies never;
  }
}

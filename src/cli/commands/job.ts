/** `job`: all that the worker knows of one job. */

import type { JobInfo, Progress } from "../../protocol/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { renderProgress } from "../generate/progress_line.ts";
import { describeEstimate, describeLora, describePixel } from "../job_facts.ts";
import { formatSeconds, printable } from "../text.ts";

/** Options of the command. */
export interface JobOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runJob(id: string, options: JobOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const { type: _type, ...info } = await client.job(id);
  io.out(options.json ? `${JSON.stringify(info)}\n` : renderJob(info));
  return EXIT.ok;
}

function renderJob(job: Omit<JobInfo, "type">): string {
  const rows: [string, string | number | undefined][] = [
    ["id", job.job_id],
    ["state", job.state],
    ["prompt", job.prompt],
    ["model", job.model],
    ["LoRAs", job.loras?.map(describeLora).join(", ") || undefined],
    ["size", job.size?.join("x")],
    ["steps", job.steps],
    ["seed", job.seed],
    ["progress", job.progress && describeProgress(job.progress)],
    ["before it", job.position],
    ["ETA", job.estimated_time_s === undefined ? undefined : describeEstimate(job)],
    ["error", job.error],
    ["attempts", job.attempts],
    ["accepted", moment(job.created_at)],
    ["started", moment(job.started_at)],
    ["ended", moment(job.finished_at)],
    ["took", job.duration_s === undefined ? undefined : formatSeconds(job.duration_s)],
    ["workflow", job.workflow],
    ["server", job.server],
    ...(job.pixel ?? []).map((found): [string, string] => ["pixels", describePixel(found)]),
    ...(job.image_paths ?? []).map((path): [string, string] => ["image", path]),
    ["stored at", job.image_url],
    ...(job.animation_paths ?? []).map((path): [string, string] => ["animation", path]),
  ];
  return rows.filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(10)} ${printable(String(value))}\n`).join("");
}

function describeProgress(progress: Progress): string {
  return renderProgress(progress).trimStart();
}

function moment(seconds: number | undefined): string | undefined {
  return seconds === undefined
    ? undefined
    : new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}

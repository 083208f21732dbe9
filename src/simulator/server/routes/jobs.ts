/**
 * The jobs API of newer versions: queue and history as one list.
 *
 * @module
 */

import { BodyTooLarge, type Exchange, json } from "../../http.ts";
import { isObject, type Json, type JsonObject } from "../../json.ts";
import {
  finishedJob,
  type Job,
  queuedJob,
  withDetails,
  withPreviewable,
} from "../../engine/jobs.ts";
import type { ComfyProcess } from "../../engine/process.ts";
import type { Profile } from "../../profile.ts";
import { str } from "../../python.ts";
import { pageOf, readJobQuery, selectJobs } from "./job_query.ts";
import type { Routes } from "./route.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The jobs routes. */
export const JOB_ROUTES: Routes = {
  "GET /api/jobs": { handle: getJobs, exists: hasJobs },
  "GET /api/jobs/{job_id}": { handle: getJob, exists: hasJobs },
  "POST /api/jobs/cancel": { handle: postCancelMany, exists: canCancel },
  "POST /api/jobs/{job_id}/cancel": { handle: postCancel, exists: canCancel },
};

function hasJobs({ jobs }: Profile): boolean {
  return jobs !== "none";
}

function canCancel({ jobs }: Profile): boolean {
  return jobs === "cancel";
}

function getJobs({ process, query }: Exchange): Response {
  const wanted = readJobQuery(query);
  if (wanted.type === "invalid") return json({ error: wanted.reason }, 400);
  const jobs = selectJobs(allJobs(process), wanted);
  return json(pageOf(jobs, wanted));
}

function allJobs({ queue, settings: { profile } }: ComfyProcess): Job[] {
  const jobs = [
    ...queue.running ? [queuedJob(queue.running, "in_progress")] : [],
    ...queue.pending.map((item) => queuedJob(item, "pending")),
    ...queue.entries().values().map(finishedJob),
  ];
  return profile.countsPreviewable ? jobs.map(withPreviewable) : jobs;
}

function getJob({ process, params: { job_id: id = "" } }: Exchange): Response {
  const entry = process.queue.entry(id);
  const job = allJobs(process).find((job) => job.id === id);
  if (job === undefined) return json({ error: "Job not found" }, 404);
  return json(entry === undefined ? job : withDetails(job, entry));
}

function postCancel({ process, params: { job_id: id = "" } }: Exchange): Response {
  return json({ cancelled: cancel(process, id) });
}

async function postCancelMany(exchange: Exchange): Promise<Response> {
  let body: Json;
  try {
    body = await exchange.json();
  } catch (error) {
    if (error instanceof BodyTooLarge) throw error;
    return json({ error: "Request body must be valid JSON" }, 400);
  }
  const ids = isObject(body) ? body.job_ids : undefined;
  if (!Array.isArray(ids)) return json({ error: "job_ids must be a list" }, 400);
  const invalid = ids.filter((id) => typeof id !== "string" || !UUID.test(id));
  if (invalid.length > 0) {
    return json({ error: "job_ids contains invalid id(s)", invalid_ids: invalid.map(str) }, 400);
  }
  const cancelled = ids.map((id) => cancel(exchange.process, String(id)));
  return json({ cancelled: cancelled.includes(true) } satisfies JsonObject);
}

/** Unlike `/interrupt` this can never hit the prompt that runs next. */
function cancel(process: ComfyProcess, promptId: string): boolean {
  const { queue, log } = process;
  if (queue.running?.promptId === promptId) {
    process.interrupt();
    log.emit({ type: "interrupt", promptId, effective: true });
    return true;
  }
  const wasPending = queue.delete(promptId);
  if (wasPending) log.emit({ type: "dequeued", promptId });
  return wasPending;
}

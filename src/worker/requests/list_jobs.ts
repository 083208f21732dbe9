/** `list_jobs`: a page of jobs, or certain ones. */

import { JobError } from "../../errors.ts";
import type { JobDescription, Reply, Request } from "../../protocol/mod.ts";
import type { Job } from "../../queue/mod.ts";
import { shortened } from "../shorten.ts";
import { othersTurn } from "../turns.ts";
import type { HandlerContext } from "./context.ts";
import { placed, type Sketch, sketchOf } from "./description.ts";
import { type Room, roomBeside } from "./room.ts";

/** Jobs that are read before other requests get their turn: each may hold a megabyte. */
const JOBS_AT_A_TIME = 50;

/** Takes no less room than whatever number is told. */
const LONG_NUMBER = Number.MAX_SAFE_INTEGER;

/** What a job that waits is told besides, at its longest. */
const PLACE = { position: LONG_NUMBER, estimated_time_s: 0.1, estimate_confidence: 0.1 };

/** Lists jobs, newest first; a page that does not fit into one message is made shorter. */
export async function listJobs(
  context: HandlerContext,
  request: Extract<Request, { type: "list_jobs" }>,
): Promise<Reply> {
  const { limit = 100, state, cursor: start } = request;
  const room = roomBeside({ type: "job_list", cursor: String(LONG_NUMBER) });
  const sketches: Sketch[] = [];
  let cursor = start;
  let isFull = false;
  try {
    while (!isFull) {
      const { jobs, cursors, cursor: next } = await context.queue.list({
        limit: Math.min(limit - sketches.length, JOBS_AT_A_TIME),
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      const fitting = sketchFitting(context, jobs, room);
      sketches.push(...fitting);
      cursor = fitting.length === jobs.length ? next : cursors[fitting.length - 1] ?? cursor;
      isFull = fitting.length < jobs.length || next === undefined || sketches.length >= limit;
      if (!isFull) await othersTurn();
    }
    const jobs = await inLine(context, sketches);
    return { type: "job_list", jobs, ...(cursor === undefined ? {} : { cursor }) };
  } catch (error) {
    if (error instanceof JobError) return { type: "error", message: error.message };
    throw error;
  }
}

/** What a client with many jobs asks for after it has lost updates: one message, not one for each. */
export async function namedJobs(context: HandlerContext, ids: readonly string[]): Promise<Reply> {
  // Before the jobs are looked at: whatever is published meanwhile counts as not yet told.
  const { epoch, lastSeq } = context.updates;
  const room = roomBeside({
    type: "job_list",
    unknown_ids: [],
    epoch: LONG_NUMBER,
    last_seq: LONG_NUMBER,
  });
  const sketches: Sketch[] = [];
  const unknown: string[] = [];
  for (const [index, id] of [...new Set(ids)].entries()) {
    if (index % JOBS_AT_A_TIME === JOBS_AT_A_TIME - 1) await othersTurn();
    const job = await context.queue.get(id);
    const found = job === undefined ? [] : sketchFitting(context, [job], room);
    sketches.push(...found);
    if (job === undefined && room.take(id)) unknown.push(id);
    else if (found.length === 0) break;
  }
  const jobs = await inLine(context, sketches);
  return { type: "job_list", jobs, unknown_ids: unknown, epoch, last_seq: lastSeq };
}

/** As many of the jobs, from the first on, as there is room for; in an empty message at least one. */
function sketchFitting(context: HandlerContext, jobs: readonly Job[], room: Room): Sketch[] {
  const fitting: Sketch[] = [];
  for (const job of jobs) {
    const { description: whole, run } = sketchOf(context, job);
    const description = shortened({ ...whole, ...(run === undefined ? {} : PLACE) }, room.most);
    if (!room.take(description)) break;
    fitting.push({ description, run });
  }
  return fitting;
}

/** Tells those that wait their places, all at once. */
async function inLine(
  context: HandlerContext,
  sketches: readonly Sketch[],
): Promise<JobDescription[]> {
  const waiting = sketches.filter(({ run }) => run !== undefined)
    .map(({ description }) => description.job_id);
  const positions = await context.queue.positions(waiting);
  return sketches.map((sketch) =>
    placed(context, sketch, positions.get(sketch.description.job_id))
  );
}

/** `/v1/events`: updates as server-sent events, with those that were missed (`Last-Event-ID`). */

import { Hono } from "hono";
import { type GuardEnv, needs } from "../auth/guard.ts";
import type { FedUpdate } from "../feed.ts";
import type { HttpContext } from "../options.ts";
import { HttpProblem } from "../problem.ts";
import { isEnded, jobInfo } from "./jobs.ts";

/** Listeners at a time. */
const MAX_LISTENERS = 4_096;

/** Updates that wait for a listener that does not read; then it is cut and may come back for the rest. */
const MAX_WAITING = 1_000;

const encoder = new TextEncoder();

/** Options of the routes. */
export interface EventOptions {
  /** Pause between comments that keep a stream open, in milliseconds. */
  readonly pingMs: number;
  /** Counts those who listen. */
  readonly count: { listeners: number };
}

/** The routes `/v1/events` and `/v1/jobs/:id/events`. */
export function eventRoutes(context: HttpContext, { pingMs, count }: EventOptions): Hono<GuardEnv> {
  const app = new Hono<GuardEnv>();
  app.get("/events", needs("read"), (c) => {
    const after = lastSeen(c.req.header("last-event-id"), context.feed.epoch);
    return stream(context, { after, count, pingMs });
  });
  app.get("/jobs/:id/events", needs("read"), async (c) => {
    const jobId = c.req.param("id");
    const after = lastSeen(c.req.header("last-event-id"), context.feed.epoch);
    const info = await jobInfo(context, jobId);
    return stream(context, { after, count, pingMs, jobId, first: info, isOver: isEnded(info) });
  });
  return app;
}

interface StreamOptions {
  /** Number of the last update that was seen, if one is named. */
  readonly after: number | undefined;
  readonly count: { listeners: number };
  readonly pingMs: number;
  readonly jobId?: string;
  /** What a listener of one job is told first. */
  readonly first?: unknown;
  readonly isOver?: boolean;
}

function stream({ feed }: HttpContext, options: StreamOptions): Response {
  const { after, count, pingMs, jobId, first, isOver = false } = options;
  if (count.listeners >= MAX_LISTENERS) {
    const detail = `${MAX_LISTENERS} listeners are here already; close some or ask by GET /v1/jobs`;
    throw new HttpProblem({ status: 503, code: "unavailable", detail, retryAfterS: 5 });
  }
  count.listeners++;
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const pinging = setInterval(() => controller.enqueue(encoder.encode(": ping\n\n")), pingMs);
      const listening = feed.listen((fed) => {
        if (jobId !== undefined && fed.update.job_id !== jobId) return;
        if ((controller.desiredSize ?? 0) <= -MAX_WAITING) return end();
        controller.enqueue(encode(fed, feed.epoch));
        // A cancelled job has no update after `job_finished`; the others have one in the same turn.
        if (jobId !== undefined && fed.update.type === "job_finished") setTimeout(end, 0);
      });
      stop = () => {
        clearInterval(pinging);
        listening[Symbol.dispose]();
        count.listeners--;
        stop = () => {};
      };
      let isOpen = true;
      const end = () => {
        if (!isOpen) return;
        isOpen = false;
        stop();
        controller.close();
      };
      if (first !== undefined) controller.enqueue(event("job", first));
      const missed = after === undefined ? [] : feed.since(after);
      if (missed === undefined) controller.enqueue(event("missed", { after }));
      for (const fed of missed ?? []) {
        if (jobId === undefined || fed.update.job_id === jobId) {
          controller.enqueue(encode(fed, feed.epoch));
        }
      }
      if (isOver) end();
    },
    cancel: () => stop(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

/** An update is written once, however many listen. */
const encoded = new WeakMap<FedUpdate, Uint8Array>();

function encode(fed: FedUpdate, epoch: number): Uint8Array {
  let bytes = encoded.get(fed);
  if (bytes === undefined) {
    const { update, seq } = fed;
    bytes = encoder.encode(
      `id: ${epoch}-${seq}\nevent: ${update.type}\ndata: ${JSON.stringify(update)}\n\n`,
    );
    encoded.set(fed, bytes);
  }
  return bytes;
}

function event(name: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The number in a `Last-Event-ID`; 0, that is all there are, for one of another life of the worker. */
function lastSeen(id: string | undefined, epoch: number): number | undefined {
  const [, life, seq] = /^(\d{1,16})-(\d{1,15})$/.exec(id ?? "") ?? [];
  if (seq === undefined) return undefined;
  return Number(life) === epoch ? Number(seq) : 0;
}

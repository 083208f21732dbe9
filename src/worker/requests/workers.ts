/** `list_workers` and `drain_worker`: who shares the queue; a worker finishes what it has and takes no more. */

import { JobError } from "../../errors.ts";
import type { DrainWorkerRequest, Reply, WorkerInfo } from "../../protocol/mod.ts";
import type { WorkerFacts } from "../../queue/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Names of workers that a refusal tells. */
const MOST_NAMES = 20;

/** Tells who there is: those of a shared queue, or this one. */
export function listWorkers(context: HandlerContext): Promise<Reply> {
  return orError(() => list(context));
}

/** Tells how all are afterwards. One that is elsewhere hears of it in a moment. */
export function drainWorker(
  context: HandlerContext,
  { worker, draining }: DrainWorkerRequest,
): Promise<Reply> {
  const { queue: { shared }, scheduler, workerName } = context;
  return orError(async () => {
    const isOwn = worker === workerName;
    const isFound = shared === undefined ? isOwn : await shared.drain(worker, draining);
    if (!isFound) return await unknown(context, worker);
    if (isOwn) scheduler.setDrained(draining);
    return await list(context);
  });
}

async function list(context: HandlerContext): Promise<Reply> {
  const { queue: { shared }, workerName } = context;
  const facts = await shared?.workers() ?? [own(context)];
  return { type: "worker_list", workers: facts.map((one) => tell(one, workerName)) };
}

function own({ servers, scheduler, workerName: name, uptimeMs }: HandlerContext): WorkerFacts {
  const active = servers.reduce((sum, server) => sum + scheduler.activeOn(server.name), 0);
  const draining = scheduler.isDrained;
  return { name, upMs: uptimeMs(), silentMs: 0, servers: servers.length, active, draining };
}

function tell(
  { name, upMs, silentMs, servers, active, draining }: WorkerFacts,
  ownName: string,
): WorkerInfo {
  return {
    name,
    ...(upMs === undefined ? {} : { uptime_s: Math.max(0, Math.floor(upMs / 1_000)) }),
    silent_s: silentMs / 1_000,
    servers,
    active_jobs: active,
    ...(draining ? { draining } : {}),
    ...(name === ownName ? { own: true } : {}),
  };
}

async function unknown(context: HandlerContext, worker: string): Promise<Reply> {
  const reply = await list(context);
  const names = reply.type === "worker_list" ? reply.workers.map(({ name }) => name) : [];
  const message = `Invalid parameter: worker: there is no worker ${worker} that lives; known are ` +
    names.slice(0, MOST_NAMES).join(", ");
  return { type: "error", message };
}

async function orError(answer: () => Promise<Reply>): Promise<Reply> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof JobError) return { type: "error", message: error.message };
    throw error;
  }
}

/** The schemas of messages about the workers of a queue; part of `schemas.ts`. */

import { z } from "zod";
import { characters, optional } from "./kinds.ts";
import { MAX_NAME_CHARS } from "./limits.ts";

const count = z.int().min(0);

export const listWorkers = z.object({ type: z.literal("list_workers") });
export const drainWorker = z.object({
  type: z.literal("drain_worker"),
  worker: characters(1, MAX_NAME_CHARS),
  draining: z.boolean(),
});
export const workerInfo = z.object({
  name: z.string(),
  uptime_s: optional(count),
  silent_s: z.number().min(0),
  servers: count,
  active_jobs: count,
  draining: optional(z.boolean()),
  own: optional(z.boolean()),
});
export const workerList = z.object({
  type: z.literal("worker_list"),
  workers: z.array(workerInfo),
});

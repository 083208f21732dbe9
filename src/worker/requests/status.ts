/** `status`: how busy the worker is. */

import { COMPRESSION_METHODS } from "../../protocol/compression.ts";
import { PROTOCOL_VERSION } from "../../protocol/messages.ts";
import type { Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Counts jobs; asks no server. */
export async function status(context: HandlerContext): Promise<Reply> {
  const { queue, uptimeMs, scheduler, storage } = context;
  const { queued, running } = await queue.counts();
  const problem = storage?.problem ?? scheduler.problem;
  return {
    type: "status_info",
    version: PROTOCOL_VERSION,
    queue_size: queued,
    active_jobs: running,
    uptime_s: Math.floor(uptimeMs() / 1_000),
    compression: [...COMPRESSION_METHODS],
    ...(problem === undefined ? {} : { problem }),
  };
}

/** `workers`: who shares the queue. */

import type { WorkerInfo } from "../../protocol/mod.ts";
import { formatSeconds } from "../text.ts";
import type { Drainable } from "./drainable.ts";

/** Time without a word after which a worker is said to be silent, in seconds. */
const SILENT_S = 15;

/** The workers. */
export const WORKERS: Drainable<WorkerInfo> = {
  what: "worker",
  list: (client) => client.workers(),
  drain: (client, name, draining) => client.drainWorker(name, draining),
  describe: describeWorker,
};

function describeWorker(
  { name, uptime_s, silent_s, servers, active_jobs, draining }: WorkerInfo,
): string[] {
  const up = uptime_s === undefined ? "up" : `up ${formatSeconds(uptime_s)}`;
  const state = silent_s > SILENT_S ? `silent for ${formatSeconds(silent_s)}` : up;
  return [
    name,
    `${state}${draining ? ", drained" : ""}`,
    `${active_jobs} running`,
    `${servers} ${servers === 1 ? "server" : "servers"}`,
  ];
}

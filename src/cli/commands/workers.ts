/** `workers`: who shares the queue; `drain` and `resume` keep jobs from one, and let it take some again. */

import type { WorkerInfo } from "../../protocol/mod.ts";
import { ConfigError } from "../../errors.ts";
import { openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { formatSeconds, renderTable } from "../text.ts";
import type { ACTIONS, ServersOptions } from "./servers.ts";

/** Time without a word after which a worker is said to be silent, in seconds. */
const SILENT_S = 15;

/** Runs the command; resolves with its exit code. */
export async function runWorkers(
  action: (typeof ACTIONS)[number] | undefined,
  name: string | undefined,
  options: ServersOptions,
  io: Io,
): Promise<number> {
  if (action !== undefined && name === undefined) {
    throw new ConfigError("usage", `Name the worker: workers ${action} NAME`);
  }
  await using client = await openClient(options, io);
  const workers = action === undefined || name === undefined
    ? await client.workers()
    : await client.drainWorker(name, action === "drain");
  if (options.json) io.out(workers.map((worker) => `${JSON.stringify(worker)}\n`).join(""));
  else io.out(renderTable(workers.map(describeWorker), tableWidth(io)));
  return EXIT.ok;
}

/** A worker as the cells of a row. */
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

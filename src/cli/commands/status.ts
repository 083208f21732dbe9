/** `status`: the worker and its ComfyUI servers in a few lines. */

import type { Client } from "../../client/mod.ts";
import type { ServerInfo, StatusInfo } from "../../protocol/mod.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT, isUnknownRequest } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { formatSeconds, printable, renderTable } from "../text.ts";

/** Options of the command. */
export interface StatusOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runStatus(options: StatusOptions, io: Io): Promise<number> {
  await using client = await openClient(options, io);
  const [status, servers] = await Promise.all([client.status(), serversOf(client, io)]);
  if (options.json) {
    const { type: _type, ...facts } = status;
    io.out(`${JSON.stringify({ ...facts, servers })}\n`);
    return EXIT.ok;
  }
  io.out(`${describeWorker(status)}\n`);
  if (status.problem !== undefined) io.out(`No job is begun: ${printable(status.problem)}\n`);
  io.out(renderTable(servers.map(describeServer), tableWidth(io)));
  return EXIT.ok;
}

/** None, and a word about it, if the worker is too old to tell. */
async function serversOf(client: Client, io: Io): Promise<ServerInfo[]> {
  try {
    return await client.servers();
  } catch (error) {
    if (!isUnknownRequest(error)) throw error;
    io.err("The worker is too old to list its servers; update it\n");
    return [];
  }
}

/** The worker in one line of at most 40 columns. */
export function describeWorker({ queue_size, active_jobs, uptime_s }: StatusInfo): string {
  return `${active_jobs} running, ${queue_size} waiting, up ${formatSeconds(uptime_s)}`;
}

/** A server as the cells of a row. */
export function describeServer(
  { name, state, active_jobs, error, draining }: ServerInfo,
): string[] {
  const word = draining ? `${state}, drained` : state;
  return [name, word, `${active_jobs} running`, error ?? ""];
}

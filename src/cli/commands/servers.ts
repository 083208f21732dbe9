/** `servers`: the ComfyUI servers; `drain` and `resume` keep jobs from one, and let it have some again. */

import { ConfigError } from "../../errors.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import { type Io, tableWidth } from "../io.ts";
import { renderTable } from "../text.ts";
import { describeServer } from "./status.ts";

/** What can be done with a server. */
export const ACTIONS = ["drain", "resume"] as const;

/** Options of the command. */
export interface ServersOptions extends ConnectionOptions {
  /** Whether to write JSON. */
  json?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runServers(
  action: (typeof ACTIONS)[number] | undefined,
  name: string | undefined,
  options: ServersOptions,
  io: Io,
): Promise<number> {
  if (action !== undefined && name === undefined) {
    throw new ConfigError("usage", `Name the server: servers ${action} NAME`);
  }
  await using client = await openClient(options, io);
  const servers = action === undefined || name === undefined
    ? await client.servers()
    : await client.drainServer(name, action === "drain");
  if (options.json) io.out(servers.map((server) => `${JSON.stringify(server)}\n`).join(""));
  else io.out(renderTable(servers.map(describeServer), tableWidth(io)));
  return EXIT.ok;
}

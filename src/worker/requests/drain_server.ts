/** `drain_server`: a server finishes what it has and gets no more, or gets jobs again. */

import type { DrainServerRequest, Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";
import { listServers } from "./list_servers.ts";

/** Tells how all servers are afterwards. */
export function drainServer(
  context: HandlerContext,
  { server, draining }: DrainServerRequest,
): Reply {
  const names = context.servers.map(({ name }) => name);
  if (!names.includes(server)) {
    const known = names.slice(0, 20).join(", ");
    const message =
      `Invalid parameter: server: there is no server ${server}; the servers are ${known}`;
    return { type: "error", message };
  }
  context.scheduler.setDraining(server, draining);
  return listServers(context);
}

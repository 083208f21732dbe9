/** `servers`: the ComfyUI servers. */

import type { ServerInfo } from "../../protocol/mod.ts";
import type { Drainable } from "./drainable.ts";
import { describeServer } from "./status.ts";

/** The servers. */
export const SERVERS: Drainable<ServerInfo> = {
  what: "server",
  list: (client) => client.servers(),
  drain: (client, name, draining) => client.drainServer(name, draining),
  describe: describeServer,
};

/** `list_servers`: the ComfyUI servers and how they are. */

import { redact } from "../../redact.ts";
import type { Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Tells what is known; asks no server. */
export function listServers({ servers, scheduler }: HandlerContext): Reply {
  return {
    type: "server_list",
    servers: servers.map(({ name, url, state, stateError }) => ({
      name,
      url: redact(url),
      state,
      active_jobs: scheduler.activeOn(name),
      ...(stateError === undefined ? {} : { error: stateError }),
      ...(scheduler.isDraining(name) ? { draining: true } : {}),
    })),
  };
}

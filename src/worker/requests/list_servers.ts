/** `list_servers`: the ComfyUI servers and how they are. */

import { redact } from "../../redact.ts";
import type { Reply, ServerElsewhere } from "../../protocol/mod.ts";
import type { ServerElsewhere as Known } from "../../queue/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Tells what is known; asks no server. */
export function listServers({ servers, scheduler }: HandlerContext): Reply {
  const elsewhere = scheduler.elsewhere ?? [];
  const held = scheduler.held?.() ?? [];
  return {
    type: "server_list",
    servers: servers.map(({ name, url, state, stateError }) => {
      const loaded = held.find((server) => server.name === name)?.loaded;
      return {
        name,
        url: redact(url),
        state,
        active_jobs: scheduler.activeOn(name),
        ...(stateError === undefined ? {} : { error: stateError }),
        ...(scheduler.isDraining(name) ? { draining: true } : {}),
        ...(loaded === undefined ? {} : { loaded }),
      };
    }),
    ...(elsewhere.length === 0 ? {} : { elsewhere: elsewhere.map(tell) }),
  };
}

function tell({ worker, name, state, active, loaded, draining }: Known): ServerElsewhere {
  return {
    worker,
    name,
    state: state ?? "connecting",
    active_jobs: active,
    ...(loaded === undefined ? {} : { loaded }),
    ...(draining ? { draining } : {}),
  };
}

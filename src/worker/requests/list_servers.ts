/** `list_servers`: the ComfyUI servers and how they are. */

import { redact } from "../../redact.ts";
import type { Reply, ServerElsewhere } from "../../protocol/mod.ts";
import type { ServerElsewhere as Known } from "../../queue/mod.ts";
import { shortened } from "../shorten.ts";
import type { HandlerContext } from "./context.ts";
import { roomBeside } from "./room.ts";

/** Longest text of the models in a server's memory that is told. */
const MAX_LOADED_CHARS = 4_096;

/** Tells what is known; asks no server. */
export function listServers({ servers, scheduler }: HandlerContext): Reply {
  const elsewhere = scheduler.elsewhere ?? [];
  const held = scheduler.held?.() ?? [];
  const room = roomBeside({ type: "server_list", elsewhere: [] });
  const share = Math.floor(room.most / servers.length);
  const own = servers.map(({ name, url, state, stateError }) => {
    const loaded = shownModels(held.find((server) => server.name === name)?.loaded);
    const described = {
      name,
      url: redact(url),
      state,
      active_jobs: scheduler.activeOn(name),
      ...(stateError === undefined ? {} : { error: stateError }),
      ...(scheduler.isDraining(name) ? { draining: true } : {}),
      ...(loaded === undefined ? {} : { loaded }),
    };
    return shortened(described, share);
  });
  for (const server of own) room.take(server);
  const others = elsewhere.map(tell).filter((server) => room.take(server));
  return {
    type: "server_list",
    servers: own,
    ...(others.length === 0 ? {} : { elsewhere: others }),
  };
}

/** Names in which nobody would find one are not told. */
function shownModels(loaded: string | undefined): string | undefined {
  return loaded === undefined || loaded.length > MAX_LOADED_CHARS ? undefined : loaded;
}

function tell({ worker, name, state, active, loaded: names, draining }: Known): ServerElsewhere {
  const loaded = shownModels(names);
  return {
    worker,
    name,
    state: state ?? "connecting",
    active_jobs: active,
    ...(loaded === undefined ? {} : { loaded }),
    ...(draining ? { draining } : {}),
  };
}

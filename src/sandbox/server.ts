/** Keeps the connection of a sandbox to its ComfyUI server, and says when that changes. */

import { type ComfyClient, createComfyClient, type Later } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { LogFields, LogLevel } from "../log.ts";
import { hideSecrets } from "../secrets.ts";
import type { SandboxSetup, ServerState } from "../executor/messages.ts";

/** Pauses between attempts to connect: doubled from the first to the longest, with jitter. */
const RETRY_MS = { first: 250, most: 2_000 };

/**
 * A job under way must not wait long for updates that its socket does not bring: an open one that is
 * silent is made up for within one and a half of `quietMs`, a lost one is back within `maxMs` of the
 * moment that it can be.
 */
const STEPS = { quietMs: 600, reconnect: { initialMs: 100, maxMs: 400 } };

/** Time between looks at a server that is ready, in milliseconds. */
const HEALTH_MS = 5_000;

/** Looks in a row that a server may leave without answer while it is busy. */
const PATIENCE = 2;

/** What is lost where something on the way, a proxy as a rule, lets no WebSocket through. */
const NO_EVENTS =
  "ComfyUI gives no event socket, so jobs are followed by asking for them: no progress within a job, " +
  "no previews, no images of SaveImageWebsocket, and a job that hangs is not noticed; let the proxy " +
  "pass WebSockets to /ws.";

/** What the watch tells. */
export interface ServerWatchOptions {
  /** Time between looks at a server that is ready, in milliseconds. @default {5000} */
  healthMs?: number;
  /** Called when the state changes. */
  onState: (state: ServerState, error: string | undefined) => void;
  /** Calls back after some time. @default {an alarm of the client's own} */
  later?: Later;
  /** Takes log lines. */
  log: (level: LogLevel, message: string, fields?: LogFields) => void;
}

/** A server and how it is. */
export interface ServerWatch extends AsyncDisposable {
  /** The client to use. */
  readonly client: ComfyClient;
  /** How it is. */
  readonly state: ServerState;
  /** Tells that it was found to be away; it is then looked for until it is back. */
  lost(error: string): void;
}

/** Starts to look for a server; one that is away is said once, not at each attempt. */
export function watchServer(setup: SandboxSetup, options: ServerWatchOptions): ServerWatch {
  const { serverUrl: url, headers = {}, clientId, unreachableMs, allowGlobalInterrupt } = setup;
  const client = createComfyClient({
    url,
    headers,
    clientId,
    allowGlobalInterrupt,
    ...STEPS,
    ...(options.later === undefined ? {} : { later: options.later }),
    ...(unreachableMs === undefined ? {} : { unreachableMs }),
  });
  const shown = hideSecrets(url);
  let state: ServerState = "connecting";
  const change = (next: ServerState, error?: string) => {
    if (next === state) return;
    state = next;
    if (next === "ready") options.log("info", "ComfyUI is ready", { url: shown });
    else options.log("warn", `ComfyUI is away: ${error}`, { url: shown });
    options.onState(next, error);
  };
  const closing = new AbortController();
  let looking: Promise<void> | undefined;
  const find = async () => {
    for (let attempt = 0; state !== "ready" && !closing.signal.aborted; attempt += 1) {
      try {
        const missing = await client.reach({ signal: closing.signal });
        change("ready");
        if (missing !== undefined) {
          options.log("warn", `${NO_EVENTS} ${missing.message}`, { url: shown });
        }
      } catch (error) {
        if (closing.signal.aborted) break;
        change("unreachable", error instanceof Error ? error.message : String(error));
        await pause(Math.min(RETRY_MS.first * 2 ** attempt, RETRY_MS.most), closing.signal);
      }
    }
    looking = undefined;
  };
  looking = find();
  const lost = (error: string) => {
    change("unreachable", error);
    looking ??= find();
  };
  const health = watchHealth({
    look: async () => {
      if (state === "ready") await client.systemStats({ signal: closing.signal });
    },
    lost,
    everyMs: options.healthMs ?? HEALTH_MS,
  });
  return {
    client,
    get state() {
      return state;
    },
    lost,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await health[Symbol.asyncDispose]();
      await looking;
      await client.close();
    },
  };
}

/** Notices a server that goes away while nothing runs on it, so that it is not given a job first. */
function watchHealth({ look, lost, everyMs }: {
  look: () => Promise<void>;
  lost: (error: string) => void;
  everyMs: number;
}): AsyncDisposable {
  let missed = 0;
  let looking: Promise<void> | undefined;
  const check = async () => {
    try {
      await look();
      missed = 0;
    } catch (error) {
      if (!(error instanceof ComfyError)) return;
      missed += 1;
      if (error.code === "unreachable" || missed >= PATIENCE) lost(error.message);
    } finally {
      looking = undefined;
    }
  };
  const timer = setInterval(() => {
    looking ??= check();
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Half of the time for sure, the rest by chance, so that many workers do not knock in step. */
function pause(mostMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, mostMs * (0.5 + Math.random() / 2));
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", end);
  return promise.finally(() => signal.removeEventListener("abort", end));
}

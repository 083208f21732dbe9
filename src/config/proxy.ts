/** Proxies: the variables of the environment that name one, and how to go without or by another. */

import { ConfigError } from "../errors.ts";
import type { ComfyuiConfig } from "./config.ts";
import { type ReadEnv, readProcessEnv } from "./sources.ts";

/** What Deno looks at before its first request in an isolate; in small letters they count as much. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/** Hosts that are asked directly; the name in small letters counts if this one is not set. */
const NO_PROXY = "NO_PROXY";

/** Every permission that this module can need. */
const PERMISSION = `--allow-env=${
  [...PROXY_VARIABLES, NO_PROXY, NO_PROXY.toLowerCase()].join(",")
}`;

/** The environment of a process. */
export interface Environment {
  /** Reads a variable. */
  readonly read: ReadEnv;
  /**
   * Sets a variable.
   *
   * @throws {Deno.errors.NotCapable} without the permission.
   */
  write(name: string, value: string): void;
}

const OWN: Environment = {
  read: readProcessEnv,
  write: (name, value) => Deno.env.set(name, value),
};

/** The variables that name a proxy. */
export function proxyVariables(env: ReadEnv = readProcessEnv): string[] {
  return PROXY_VARIABLES.filter((name) => (env(name) ?? "") !== "");
}

/**
 * Has Deno ask hosts directly, whatever the environment says of proxies: it would send even requests
 * to this very machine through them. Isolates that are started later do the same. To be called before
 * the first request.
 *
 * @param urls Addresses of the hosts.
 * @returns false if that was not permitted.
 */
export function goDirect(urls: readonly string[], env: Environment = OWN): boolean {
  const hosts = urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ""));
  const before = (env.read(NO_PROXY) || env.read(NO_PROXY.toLowerCase()) || "").split(",")
    .map((host) => host.trim()).filter(Boolean);
  return setVariables(env, { [NO_PROXY]: [...new Set([...before, ...hosts])].join(",") });
}

/**
 * Does what `comfyui.proxy` says, by the environment of this process: that holds for HTTP and
 * WebSockets in every isolate, and a `NO_PROXY` there would hold for a proxy of our own, too. To be
 * called before the first request.
 *
 * @returns a sentence for the log, if there is something to tell.
 * @throws {ConfigError} `invalid_value` if there is to be a proxy and the permission for it is missing.
 */
export function applyProxy(
  { proxy, servers }: Pick<ComfyuiConfig, "proxy" | "servers">,
  env: Environment = OWN,
): string | undefined {
  const variables = proxyVariables(env.read).join(", ");
  if (proxy !== undefined && proxy !== "environment") {
    useProxy(proxy, env);
    return "ComfyUI is asked through comfyui.proxy";
  }
  if (variables === "") return undefined;
  if (proxy === "environment") return `ComfyUI is asked through the proxy of ${variables}`;
  if (goDirect(servers.map(({ url }) => url), env)) {
    return `ComfyUI is asked directly although ${variables} is set; comfyui.proxy decides`;
  }
  return `ComfyUI is asked through the proxy of ${variables}; ` +
    `to ask it directly start Deno with ${PERMISSION}`;
}

function useProxy(proxy: string, env: Environment): void {
  const isSet = setVariables(env, {
    ...Object.fromEntries(PROXY_VARIABLES.map((name) => [name, proxy])),
    [NO_PROXY]: "",
    [NO_PROXY.toLowerCase()]: "",
  });
  if (isSet) return;
  throw new ConfigError("invalid_value", `Cannot use comfyui.proxy: start Deno with ${PERMISSION}`);
}

function setVariables(env: Environment, values: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(values)) env.write(name, value);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

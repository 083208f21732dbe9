/** One server that was not in the settings when they were read. */

import { ConfigError } from "../errors.ts";
import type { ServerConfig } from "./config.ts";
import { loadConfig } from "./load.ts";

/** What may be said of it; what names files of this machine is left to the settings. */
const KEYS = ["url", "name", "token", "headers", "weight", "max_in_flight"];

/**
 * Reads the keys that an entry of `comfyui.servers` may have, but those that name files.
 *
 * @throws {ConfigError} `invalid_value`.
 */
export async function readServer(fields: Readonly<Record<string, unknown>>): Promise<ServerConfig> {
  const unknown = Object.keys(fields).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    const message = `${JSON.stringify(unknown.slice(0, 64))} must be one of ${KEYS.join(", ")}`;
    throw new ConfigError("invalid_value", message);
  }
  try {
    // JSON is YAML, and so each key is checked by the same code as in the file.
    const { config } = await loadConfig({
      flags: { config: "server" },
      env: () => undefined,
      readTextFile: () => Promise.resolve(JSON.stringify({ comfyui: { servers: [fields] } })),
    });
    const [server] = config.comfyui.servers;
    if (server !== undefined) return server;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = error.message.replaceAll(/^server:\d+:\d+: (?:comfyui\.servers[.:]? ?)?/gm, "");
    throw new ConfigError("invalid_value", message, { cause: error });
  }
  throw new ConfigError("invalid_value", "A server must have a url");
}

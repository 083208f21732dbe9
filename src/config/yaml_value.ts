/** YAML that holds no settings: its plain value. */

import { parse } from "yaml";
import { ConfigError } from "../errors.ts";

/** Aliases that a text may use, so that a small file cannot become a huge value. */
const MAX_ALIASES = 100;

/**
 * The value that a YAML text stands for.
 *
 * @throws {ConfigError} `unreadable` if it is no YAML; the message names the file and the line.
 */
export function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIASES, prettyErrors: true, logLevel: "error" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    const message = `Cannot read ${file} as YAML: ${reason?.replace(/:$/, "")}`;
    throw new ConfigError("unreadable", message, { cause });
  }
}

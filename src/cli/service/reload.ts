/** Settings read again while the worker runs: what can change does, of the rest it is said. */

import { describeConfig, type Flags, loadConfig, type LoadedConfig } from "../../config/mod.ts";
import type { Logger } from "../../log.ts";

/** What a reload works with. */
export interface ReloadOptions {
  /** What the worker was started with. */
  readonly started: LoadedConfig;
  /** Flags of its command line. */
  readonly flags: Flags;
  /** Takes log lines. */
  readonly logger: Logger;
  /** Puts into force what can change; returns what of it cannot after all. */
  readonly apply: (fresh: LoadedConfig) => readonly string[] | Promise<readonly string[]>;
}

/** Settings that `apply` puts into force. */
const LIVE: ReadonlySet<string> = new Set([
  "logging.level",
  "logging.file",
  "comfyui.api_url",
  "comfyui.servers",
]);

/** Reads them; wrong ones change nothing. Never rejects. */
export async function reloadSettings(
  { started, flags, logger, apply }: ReloadOptions,
): Promise<void> {
  try {
    const fresh = await loadConfig({ flags });
    const undone = await apply(fresh);
    for (const warning of fresh.warnings) logger.log("warn", warning);
    const later = [...changed(started, fresh).filter((path) => !LIVE.has(path)), ...undone];
    if (later.length === 0) return;
    logger.log("warn", "Some settings change with the next start only", {
      settings: later.join(", "),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    logger.log("error", "The settings known before stay in force", { why });
  }
}

function changed(before: LoadedConfig, after: LoadedConfig): string[] {
  const values = new Map(describeConfig(before).map(({ path, value }) => [path, value]));
  return describeConfig(after).filter(({ path, value }) => values.get(path) !== value)
    .map(({ path }) => path);
}

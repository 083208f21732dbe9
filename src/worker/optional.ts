/**
 * Parts that most workers go without. Their addresses are computed: what a literal `import()` names Deno
 * reads for every worker, and keeps.
 */

import type { Config } from "../config/mod.ts";
import type { Metrics } from "../http/mod.ts";
import type { Logger } from "../log.ts";
import type { Outbox } from "../queue/mod.ts";
import type { ImageStore } from "../store/mod.ts";
import type { Hooks } from "./hooks/open.ts";

/** What serves the worker over HTTP. */
export function loadHttp(): Promise<typeof import("../http/mod.ts")> {
  return import(new URL("../http/mod.ts", import.meta.url).href);
}

/** What reads the updates of other workers. */
export function loadRelay(): Promise<typeof import("./relay.ts")> {
  return import(new URL("./relay.ts", import.meta.url).href);
}

/** The store that the settings name besides the folder. */
export async function storeOf({ output, s3 }: Config): Promise<ImageStore | undefined> {
  if (output.store === undefined) return undefined;
  const { openStore } = await import(
    new URL("../store/open.ts", import.meta.url).href
  ) as typeof import("../store/open.ts");
  return await openStore(output.store, s3);
}

/** The webhooks that the settings name. */
export async function hooksOf(
  { webhooks: config }: Config,
  outbox: Outbox,
  metrics: Metrics | undefined,
  logger: Logger,
): Promise<Hooks | undefined> {
  if (config.url === undefined && config.allowedHosts.length === 0) return undefined;
  const { openHooks } = await import(
    new URL("./hooks/open.ts", import.meta.url).href
  ) as typeof import("./hooks/open.ts");
  return await openHooks({
    config,
    outbox,
    ...(metrics === undefined ? {} : { onTry: metrics.webhookTried }),
    logger,
  });
}

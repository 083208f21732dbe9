/** Opens the webhooks that the settings name. */

import type { WebhooksConfig } from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Webhook } from "../../protocol/mod.ts";
import type { DeliveryResult, Ending, Job, JobQueue, Outbox } from "../../queue/mod.ts";
import { createPoster, readSecrets, refusalOf, type WebhookRules } from "../../webhooks/mod.ts";
import { type Deliveries, startDeliveries } from "./deliveries.ts";

/** Webhooks that can be told. */
export interface Hooks extends Omit<Deliveries, "note"> {
  /** Stores what is to be told of an ending; of one that came about elsewhere the queue knows the rest. */
  note(ending: Ending, queue: Pick<JobQueue, "get">): Promise<void>;
  /** Why a job's webhook is refused; undefined if it is not. */
  refusalOf(webhook: Webhook): string | undefined;
}

/** What webhooks work with. */
export interface HooksOptions {
  /** Where they lead, and what they are signed with. */
  readonly config: WebhooksConfig;
  /** Keeps what is to be told. */
  readonly outbox: Outbox;
  /** Hears how each try ended. */
  readonly onTry?: (outcome: DeliveryResult["type"]) => void;
  /** Takes log lines. */
  readonly logger: Logger;
}

/**
 * Begins to tell webhooks.
 *
 * @throws {ConfigError} `invalid_value` without a secret, or for one that is none; `unreadable` for its file.
 */
export async function openHooks(options: HooksOptions): Promise<Hooks> {
  const { config, outbox, onTry, logger } = options;
  const { url, events, secretFile, allowedHosts, allowPrivate } = config;
  if (secretFile === undefined) {
    throw new ConfigError(
      "invalid_value",
      "Webhooks are signed, and webhooks.secret_file names no file with a secret; make one with: " +
        'echo "whsec_$(openssl rand -base64 32)"',
    );
  }
  const rules: WebhookRules = { ownUrl: url, allowedHosts, allowPrivate };
  const secrets = await readSecrets(secretFile);
  const deliveries = startDeliveries({
    outbox,
    post: createPoster({ rules, secrets }),
    own: url === undefined
      ? undefined
      : { url, ...(events === undefined ? {} : { events: [...events] }) },
    ...(onTry === undefined ? {} : { onTry }),
    logger,
  });
  return {
    async note(ending, queue) {
      const job = isWhole(ending) ? ending : await queue.get(ending.id);
      if (job !== undefined) await deliveries.note(job);
    },
    wake: () => deliveries.wake(),
    refusalOf: (webhook) => refusalOf(webhook.url, rules),
    [Symbol.asyncDispose]: () => deliveries[Symbol.asyncDispose](),
  };
}

function isWhole(ending: Ending): ending is Job {
  return "request" in ending;
}

/** Opens the webhooks that the settings name. */

import type { WebhooksConfig } from "../../config/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Webhook } from "../../protocol/mod.ts";
import type { DeliveryResult, Outbox } from "../../queue/mod.ts";
import { createPoster, readSecrets, refusalOf, type WebhookRules } from "../../webhooks/mod.ts";
import { type Deliveries, startDeliveries } from "./deliveries.ts";

/** Webhooks that can be told. */
export interface Hooks extends Deliveries {
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
    note: (job) => deliveries.note(job),
    wake: () => deliveries.wake(),
    refusalOf: (webhook) => refusalOf(webhook.url, rules),
    [Symbol.asyncDispose]: () => deliveries[Symbol.asyncDispose](),
  };
}

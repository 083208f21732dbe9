/** The outbox as operators see it. */

import type { HookView } from "../../http/mod.ts";
import type { Delivery, Outbox } from "../../queue/mod.ts";
import { redactHook } from "../../redact.ts";

/** Lists deliveries, and has dead ones tried again. */
export function viewHooks(
  outbox: Pick<Outbox, "list" | "revive">,
  wake: () => void,
): {
  list(query: { state?: HookView["state"]; limit: number }): Promise<readonly HookView[]>;
  retry(id: string): Promise<boolean>;
} {
  return {
    list: async (query) => (await outbox.list(query)).map(describe),
    async retry(id) {
      const isFound = await outbox.revive(id);
      if (isFound) wake();
      return isFound;
    },
  };
}

function describe(
  { id, jobId, url, state, attempts, createdAtMs, nextAtMs, error }: Delivery,
): HookView {
  return {
    id,
    job_id: jobId,
    url: redactHook(url),
    state,
    attempts,
    created_at: createdAtMs / 1_000,
    ...(state === "waiting" ? { next_at: nextAtMs / 1_000 } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

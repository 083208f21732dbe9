/** `list_workflows`: the names that a request can give in `workflow`. */

import type { Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Asks every sandbox, as all have the same; the first answer is enough. */
export async function listWorkflows(
  { servers }: Pick<HandlerContext, "servers">,
): Promise<Reply> {
  try {
    const { workflows } = await Promise.any(servers.map((server) => server.catalog()));
    return { type: "workflow_list", workflows: workflows.map((name) => ({ name })) };
  } catch (error) {
    const [reason] = error instanceof AggregateError ? error.errors : [error];
    const why = reason instanceof Error ? reason.message : "there is no server";
    return { type: "error", message: `Backend busy: ${why}; ask again later` };
  }
}

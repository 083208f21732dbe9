/** `list_models`: what all servers together have. */

import type { ModelInfo, Reply, Request } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";
import { roomBeside } from "./room.ts";

/** Longest cursor that is given out: a number of models. */
const LONGEST_CURSOR = String(Number.MAX_SAFE_INTEGER);

/** Asks every server; one that answers is enough. More than fit into a message go on at the cursor. */
export async function listModels(
  { servers }: Pick<HandlerContext, "servers">,
  { all_types: allTypes = false, cursor = "0" }: Extract<Request, { type: "list_models" }>,
): Promise<Reply> {
  const start = /^\d{1,16}$/.test(cursor) ? Number(cursor) : NaN;
  if (!Number.isSafeInteger(start)) {
    return { type: "error", message: "Invalid parameter: cursor: not one of this list" };
  }
  const answers = await Promise.allSettled(servers.map((server) => server.models({ allTypes })));
  const lists = answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  if (lists.length === 0) {
    const reasons = answers.flatMap((answer) =>
      answer.status === "rejected" && answer.reason instanceof Error ? [answer.reason.message] : []
    );
    return { type: "error", message: `Communication error: ${reasons.join("; ")}` };
  }
  const known = new Map<string, ModelInfo>();
  for (const model of lists.flat()) known.set(`${model.model_type}/${model.name}`, model);
  const models = [...known.values()].sort(byName).slice(start);
  const room = roomBeside({ type: "model_list", cursor: LONGEST_CURSOR });
  const full = models.findIndex((model) => !room.take(model));
  if (full < 0) return { type: "model_list", models };
  return { type: "model_list", models: models.slice(0, full), cursor: String(start + full) };
}

function byName(a: ModelInfo, b: ModelInfo): number {
  const [x, y] = [a.name.toLowerCase(), b.name.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** `list_models`: what all servers together have. */

import type { ModelInfo, Reply } from "../../protocol/mod.ts";
import type { HandlerContext } from "./context.ts";

/** Asks every server; one that answers is enough. */
export async function listModels({ servers }: HandlerContext): Promise<Reply> {
  const answers = await Promise.allSettled(servers.map((server) => server.models()));
  const lists = answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  if (lists.length === 0) {
    const reasons = answers.flatMap((answer) =>
      answer.status === "rejected" && answer.reason instanceof Error ? [answer.reason.message] : []
    );
    return { type: "error", message: `Communication error: ${reasons.join("; ")}` };
  }
  const models = new Map<string, ModelInfo>();
  for (const model of lists.flat()) models.set(`${model.model_type}/${model.name}`, model);
  return { type: "model_list", models: [...models.values()].sort(byName) };
}

function byName(a: ModelInfo, b: ModelInfo): number {
  const [x, y] = [a.name.toLowerCase(), b.name.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

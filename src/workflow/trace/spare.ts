/** Samplers that nothing is saved of: left in a graph by hand, ComfyUI never runs them. Pure. */

import { type Graph, linksOf } from "../graph.ts";

/** Classes that are no outputs, so that nothing comes of one whose result goes nowhere. */
const NO_OUTPUT = /^(?:VAEDecode|VAEEncode|Latent)/;

/** The samplers whose results go on to what may be an output; all of them if none does. */
export function usedSamplers(graph: Graph, samplers: readonly string[]): string[] {
  const users = new Map<string, string[]>();
  for (const [id, node] of Object.entries(graph)) {
    for (const [, [source]] of linksOf(node)) users.set(source, [...users.get(source) ?? [], id]);
  }
  const inner = new Set(samplers);
  const isUsed = (start: string) => {
    const reached = new Set([start]);
    for (const id of reached) {
      if (!inner.has(id) && !NO_OUTPUT.test(graph[id]?.class_type ?? "")) return true;
      for (const user of users.get(id) ?? []) reached.add(user);
    }
    return false;
  };
  const used = samplers.filter(isUsed);
  return used.length === 0 ? [...samplers] : used;
}

/** Samplers that nothing is saved of: left in a graph by hand, ComfyUI never runs them. Pure. */

import { type Graph, linksOf } from "../graph.ts";

/** Classes that are no outputs, so that nothing comes of one whose result goes nowhere. */
const NO_OUTPUT = /^(?:VAEDecode|VAEEncode|Latent)/;

/** The samplers whose results go on to what may be an output; all of them if none does. */
export function usedSamplers(graph: Graph, samplers: readonly string[]): string[] {
  const links = Object.entries(graph).flatMap(([user, node]) =>
    linksOf(node).map(([, [source]]) => ({ source, user }))
  );
  const uses = Map.groupBy(links, ({ source }) => source);
  const inner = new Set(samplers);
  const isUsed = (start: string) => {
    const reached = new Set([start]);
    for (const id of reached) {
      if (!inner.has(id) && !NO_OUTPUT.test(graph[id]?.class_type ?? "")) return true;
      for (const { user } of uses.get(id) ?? []) reached.add(user);
    }
    return false;
  };
  const used = samplers.filter(isUsed);
  return used.length === 0 ? [...samplers] : used;
}

/** Titles of nodes, for what the links of a graph leave open. Pure. */

import type { Graph } from "./graph.ts";
import { isText, type Parameter, type Target } from "./trace.ts";

const TITLES = {
  prompt: /\bpositive\b/i,
  negative_prompt: /\bnegative\b/i,
} as const;

/**
 * Decides by the titles of their nodes which texts are the prompts, where the links lead to several
 * or to none. Without such a title everything stays as it was found.
 */
export function applyTitles(
  graph: Graph,
  targets: Readonly<Record<Parameter, readonly Target[]>>,
): Record<Parameter, readonly Target[]> {
  const decided = { ...targets };
  for (const parameter of ["prompt", "negative_prompt"] as const) {
    const found = targets[parameter];
    if (nodesOf(found) === 1) continue;
    const candidates = found.length > 0 ? found : textsOf(graph);
    const titled = candidates.filter(({ node }) =>
      TITLES[parameter].test(graph[node]?._meta?.title ?? "")
    );
    if (titled.length > 0) decided[parameter] = titled;
  }
  return decided;
}

function nodesOf(targets: readonly Target[]): number {
  return new Set(targets.map(({ node }) => node)).size;
}

function textsOf(graph: Graph): Target[] {
  return Object.entries(graph).flatMap(([node, { inputs }]) =>
    Object.entries(inputs)
      .filter(([input, value]) => isText(input) && typeof value === "string")
      .map(([input]) => ({ node, input }))
  );
}

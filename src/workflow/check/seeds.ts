/** Which seeds a graph takes on a server. Pure. */

import { type Graph, linksOf } from "../graph.ts";
import type { Target } from "../parameters.ts";
import { remembered } from "../remember.ts";
import type { Template } from "../template/template.ts";
import { Links } from "../trace/links.ts";
import { declaredInputs } from "./declared.ts";
import type { NodeClasses } from "./node_info.ts";

/** Limits that every seed node known to us keeps, where the server tells of none. */
const USUAL = { min: 0, max: 2 ** 32 - 1 };

/**
 * Brings a seed that was drawn, and that nobody asked for, between the limits of all nodes that it goes
 * through. The same seed and limits give the same.
 *
 * @param classes What the server tells of its node classes; undefined if it tells nothing.
 */
export function fitSeed(
  template: Pick<Template, "graph" | "trace">,
  seed: number,
  classes: NodeClasses | undefined,
): number {
  const { min, max } = classes === undefined ? USUAL : seedLimits(template, classes);
  if (seed >= min && seed <= max) return seed;
  const size = max - min + 1;
  return size < 1 ? seed : min + seed % size;
}

function seedLimits(
  template: Pick<Template, "graph" | "trace">,
  classes: NodeClasses,
): { min: number; max: number } {
  const { graph } = template;
  const limits = { min: 0, max: Number.MAX_SAFE_INTEGER };
  for (const { node, input } of seedInputs(template)) {
    const info = classes[graph[node]?.class_type ?? ""];
    const inputs = graph[node]?.inputs ?? {};
    const spec = declaredInputs(info, inputs).find(({ name }) => name === input)?.spec;
    if (spec?.type !== "INT") continue;
    limits.min = Math.max(limits.min, Number(spec.min ?? 0));
    limits.max = Math.min(limits.max, Number(spec.max ?? limits.max));
  }
  return limits;
}

/** All inputs that a seed goes to. */
const seedInputs = remembered(({ graph, trace }: Pick<Template, "graph" | "trace">): Target[] =>
  trace.targets.seed.flatMap((target) => [target, ...consumers(graph, target.node)])
);

/** Inputs that get their value from a node, through nodes that hand it on. */
function consumers(graph: Graph, source: string): Target[] {
  const found: Target[] = [];
  const links = new Links(graph);
  const sources = new Set([source]);
  for (const from of sources) {
    for (const [node, { inputs, class_type }] of Object.entries(graph)) {
      for (const [input, [linked]] of linksOf({ inputs, class_type })) {
        if (linked !== from) continue;
        found.push({ node, input });
        if (Object.keys(inputs).length === 1 || links.relayed(node) === input) sources.add(node);
      }
    }
  }
  return found;
}

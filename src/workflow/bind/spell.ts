/** Spells what a request leaves as it is like the workflow's file does. Pure. */

import { type Graph, isLink } from "../graph.ts";
import { quote } from "../quote.ts";
import type { Template } from "../template/template.ts";

/**
 * The graph as it is to be posted: `1.0` stays `1.0`, which a node that takes any value can tell from `1`.
 *
 * @returns What only `JSON.stringify()` can read.
 */
export function spellAsFile(graph: Graph, { graph: before, spelled }: Template): Graph {
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => {
      const [old, file] = [before[id]?.inputs, spelled[id]?.inputs];
      if (old === undefined || file === undefined) return [id, node];
      const inputs = Object.entries(node.inputs).map(([name, value]) => {
        const isKept = Object.hasOwn(old, name) && !isLink(value) && isSame(value, old[name]);
        return [name, isKept ? file[name] : value];
      });
      return [id, { ...node, inputs: Object.fromEntries(inputs) }];
    }),
  );
}

/** JSON has no word for an infinity, as which numbers beyond all limits are read. */
function isSame(value: unknown, other: unknown): boolean {
  return typeof value === "object" ? quote(value) === quote(other) : value === other;
}

/** Which nodes of a graph a server looks at. Pure. */

import { type Graph, linksOf } from "../graph.ts";
import { isOutput, type NodeClasses } from "./node_info.ts";

/**
 * The nodes that outputs depend on, outputs included: only their inputs are looked at. Of the others
 * ComfyUI asks no more than that their class is there (`validate_prompt` in its `execution.py`).
 */
export function reachedNodes(graph: Graph, classes: NodeClasses): Set<string> {
  const reached = new Set(
    Object.entries(graph).flatMap(([id, { class_type }]) =>
      Object.hasOwn(classes, class_type) && isOutput(classes[class_type]) ? [id] : []
    ),
  );
  for (const id of reached) {
    const node = graph[id];
    for (const [, [source]] of node === undefined ? [] : linksOf(node)) reached.add(source);
  }
  return reached;
}

/** The nodes of a circle of links, in their order; undefined if there is none. */
export function findCircle(graph: Graph, among: ReadonlySet<string>): string[] | undefined {
  const done = new Set<string>();
  for (const start of among) {
    const way: { id: string; next: string[] }[] = [];
    const enter = (id: string) => {
      const node = graph[id];
      way.push({ id, next: node === undefined ? [] : linksOf(node).map(([, [source]]) => source) });
    };
    if (!done.has(start)) enter(start);
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const next = last.next.pop();
      if (next === undefined) {
        done.add(last.id);
        way.pop();
      } else if (way.some(({ id }) => id === next)) {
        return way.slice(way.findIndex(({ id }) => id === next)).map(({ id }) => id);
      } else if (!done.has(next)) enter(next);
    }
  }
  return undefined;
}

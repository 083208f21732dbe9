/** Reading a graph (pure). */

import { isObject } from "./api/json.ts";
import type { PromptGraph } from "./types.ts";

/** A link to another node's output, or `undefined` for a literal. */
export function linkSource(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const source: unknown = value[0];
  const slot: unknown = value[1];
  return typeof source === "string" && typeof slot === "number" ? source : undefined;
}

/** Ids of the nodes that a node takes its inputs from. */
export function sourcesOf(graph: PromptGraph, id: string): string[] {
  const inputs = graph[id]?.inputs;
  if (!isObject(inputs)) return [];
  const sources: string[] = [];
  for (const value of Object.values(inputs)) {
    const source = linkSource(value);
    if (source !== undefined) sources.push(source);
  }
  return sources;
}

/**
 * The node of the submitted graph that an event's node id belongs to.
 *
 * Nodes that expand while they run report ids such as `7.0.0.2`, whose first part is the id in the
 * graph.
 */
export function graphNodeId(graph: PromptGraph, id: string): string {
  if (Object.hasOwn(graph, id)) return id;
  const [outer = id] = id.split(".");
  return outer;
}

/** Classes whose nodes send their images over the event socket and write no file. */
const SOCKET_SAVERS = /^(?:Save|Send|ETN_Send)Image_?Web_?[Ss]ocket/;

/** True for a node that delivers images over the event socket. */
export function sendsImages(graph: PromptGraph, id: string): boolean {
  return SOCKET_SAVERS.test(graph[graphNodeId(graph, id)]?.class_type ?? "");
}

/** True for a graph that delivers images over the event socket, and in no other way that shows. */
export function onlySendsImages(graph: PromptGraph): boolean {
  const ids = Object.keys(graph);
  return ids.some((id) => sendsImages(graph, id)) &&
    !ids.some((id) => /^(?:Save|Preview)/.test(graph[id]!.class_type) && !sendsImages(graph, id));
}

/** Names a node as its author would: `"Load Checkpoint" (4)`. */
export function describeNode(
  graph: PromptGraph | undefined,
  id: string,
  classType?: string,
): string {
  const node = graph === undefined ? undefined : graph[graphNodeId(graph, id)];
  const name = node?._meta?.title || node?.class_type || classType;
  return name === undefined ? `node ${id}` : `node "${name}" (${id})`;
}

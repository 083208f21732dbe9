/**
 * ComfyUI's API graph format: recognising it, and following its links. Pure.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import { EXPORT, otherFormat } from "./other_formats.ts";

/** A reference to an output of another node: its id and the output's index. */
export type Link = readonly [nodeId: string, output: number];

/** One node of a graph. */
export interface GraphNode {
  /** ComfyUI's class of the node. */
  class_type: string;
  /** Literal values and links by input name. */
  inputs: Record<string, unknown>;
  /** What the editor keeps for people. */
  _meta?: { title?: string };
}

/** A graph in API format: nodes by id. */
export type Graph = Record<string, GraphNode>;

/** True for a value that ComfyUI takes as a link. */
export function isLink(value: unknown): value is Link {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" &&
    typeof value[1] === "number";
}

/** The links of a node with their input names, in the order of its inputs. */
export function linksOf(node: GraphNode): [input: string, link: Link][] {
  return Object.entries(node.inputs).filter((entry): entry is [string, Link] => isLink(entry[1]));
}

/** How a node is called in messages: its title, if any, its class and its id. */
export function nodeLabel(graph: Graph, id: string): string {
  const node = graph[id];
  if (node === undefined) return `node ${id}`;
  return `"${node._meta?.title ?? node.class_type}" (node ${id})`;
}

/**
 * A copy whose nodes and inputs can be changed; the values themselves are to be replaced, not changed. Of a
 * recursion into all of them V8 makes machine code anew with every few graphs, since each is shaped otherwise.
 */
export function copyGraph(graph: Graph): Graph {
  const copy = { ...graph };
  for (const [id, node] of Object.entries(graph)) {
    copy[id] = { ...node, inputs: { ...node.inputs } };
  }
  return copy;
}

/** Most nodes of a workflow; a large one has some hundred. */
const MAX_NODES = 10_000;

/**
 * Checks that a parsed JSON value is a graph in API format.
 *
 * @param source How to call the file in messages.
 * @throws {ConfigError} `invalid_workflow` with what is wrong and what to do.
 */
export function parseGraph(value: unknown, source: string): Graph {
  const other = otherFormat(value, source);
  if (other !== undefined) throw invalid(source, other);
  if (!isRecord(value)) throw invalid(source, `it is not a JSON object of nodes; ${EXPORT}`);
  const count = Object.keys(value).length;
  if (count === 0) throw invalid(source, "it has no nodes");
  if (count > MAX_NODES) throw invalid(source, `it has ${count} nodes, more than ${MAX_NODES}`);
  for (const [id, node] of Object.entries(value)) {
    if (!isRecord(node) || typeof node["class_type"] !== "string") {
      throw invalid(source, `node ${id} has no class_type; ${EXPORT}`);
    }
    // A node without inputs passes ComfyUI's validation and then kills its only worker thread.
    if (!isRecord(node["inputs"])) throw invalid(source, `node ${id} has no inputs object`);
  }
  return value as Graph;
}

function invalid(source: string, why: string): ConfigError {
  return new ConfigError("invalid_workflow", `Cannot use the workflow ${source}: ${why}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

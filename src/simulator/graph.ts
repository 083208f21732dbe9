/**
 * The prompt: a graph in ComfyUI's API format.
 *
 * @module
 */

import type { Json, JsonObject } from "./json.ts";

/** A node of a prompt, as far as validation has made sure of it. */
export interface PromptNode extends JsonObject {
  /** The node class. */
  class_type: string;
}

/** A graph in API format, by node id. */
export type Prompt = Record<string, PromptNode>;

/** A connection: the id of the source node and the index of its output. */
export type Link = [source: string, output: number];

/** Tells a link from a literal as the executor does. */
export function isLink(value: Json | undefined): value is Link {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" &&
    typeof value[1] === "number";
}

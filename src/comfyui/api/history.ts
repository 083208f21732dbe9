/** Entries of ComfyUI's history (pure). */

import { type ExecutionFailure, parseFailure } from "./events.ts";
import { imagesOf } from "./images.ts";
import { asArray, asObject, asStrings, asText, isObject, type JsonObject } from "./json.ts";
import type { ImageRef } from "../types.ts";

/** How a prompt ended. */
export type PromptOutcome =
  | { type: "success" }
  | { type: "failed"; failure: ExecutionFailure }
  | { type: "interrupted"; nodeId: string | undefined };

/** A prompt that has ended. */
export interface HistoryEntry {
  /** How it ended. */
  outcome: PromptOutcome;
  /** Images by the id of the node that returned them. */
  images: Map<string, ImageRef[]>;
  /** Nodes whose results came from the cache. */
  cached: string[];
  /** What was posted with the prompt beside the graph. */
  extraData: JsonObject;
  /** The entry as ComfyUI sent it. */
  raw: JsonObject;
}

/** Reads an entry; `undefined` when it is none. */
export function parseHistoryEntry(value: unknown): HistoryEntry | undefined {
  if (!isObject(value)) return undefined;
  const messages = readMessages(value);
  return {
    outcome: readOutcome(messages, asText(asObject(value.status).status_str)),
    images: new Map(
      Object.entries(asObject(value.outputs)).map(([node, output]) => [
        node,
        imagesOf(output, node),
      ]),
    ),
    cached: messages.filter(([name]) => name === "execution_cached")
      .flatMap(([, data]) => asStrings(data.nodes)),
    extraData: asObject(asArray(value.prompt)[3]),
    raw: value,
  };
}

function readMessages(entry: JsonObject): [string, JsonObject][] {
  return asArray(asObject(entry.status).messages).flatMap((message) => {
    const [name, data] = asArray(message);
    return typeof name === "string" ? [[name, asObject(data)] as [string, JsonObject]] : [];
  });
}

/**
 * Judges by the last word in the messages: a prompt that was interrupted reads `status_str:
 * "error"` like one that failed, and one that failed over a dependency cycle reads `status_str:
 * "success"`.
 */
function readOutcome(
  messages: [string, JsonObject][],
  statusText: string | undefined,
): PromptOutcome {
  for (const [name, data] of messages.toReversed()) {
    if (name === "execution_success") return { type: "success" };
    if (name === "execution_error") return { type: "failed", failure: parseFailure(data) };
    if (name === "execution_interrupted") {
      return { type: "interrupted", nodeId: asText(data.node_id) };
    }
  }
  if (statusText !== "error") return { type: "success" };
  return { type: "failed", failure: parseFailure({}) };
}

/** Which model files the nodes of a graph read (pure). */

import { sourcesOf } from "../graph.ts";
import { isObject } from "./json.ts";
import type { PromptGraph } from "../types.ts";

/** Endings of the files that ComfyUI takes for models, after its `supported_pt_extensions`, and GGUF. */
const MODEL_FILE = /\.(?:ckpt|pt|pt2|bin|pth|safetensors|pkl|sft|gguf|onnx)$/i;

/** The model files that a node names itself. */
export function modelFilesOf(graph: PromptGraph, id: string): string[] {
  const inputs = graph[id]?.inputs;
  if (!isObject(inputs)) return [];
  return Object.values(inputs)
    .filter((value): value is string => typeof value === "string" && MODEL_FILE.test(value));
}

/**
 * The nodes that take longer because of model files that the server has not used since it came up: those
 * that read one, and, since models go to the GPU when they are first used, all that do not read files but
 * work with what was made of it.
 */
export function coldNodes(graph: PromptGraph, loaded: ReadonlySet<string>): Set<string> {
  const isCold = new Map<string, boolean>();
  const find = (id: string): boolean => {
    const known = isCold.get(id);
    if (known !== undefined) return known;
    // A graph may be cyclic, since the server checks it later.
    isCold.set(id, false);
    const files = modelFilesOf(graph, id);
    const cold = files.length > 0
      ? files.some((file) => !loaded.has(file))
      : sourcesOf(graph, id).some(find);
    isCold.set(id, cold);
    return cold;
  };
  return new Set(Object.keys(graph).filter(find));
}

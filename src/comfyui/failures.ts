/** Failed executions as errors for people (pure). */

import { ComfyError } from "../errors.ts";
import type { ExecutionFailure } from "./api/events.ts";
import { describeNode } from "./graph.ts";
import type { PromptGraph } from "./types.ts";

/** Exceptions of nodes can carry dumps of tensors; people need the beginning. */
const MAX_MESSAGE_CHARS = 500;

/**
 * True for the report of a branch that was blocked on purpose: the prompt goes on and may succeed.
 */
export function isBlocked(failure: ExecutionFailure): boolean {
  return failure.exceptionType === "ExecutionBlocked";
}

/** Turns a failed node into the error that the run ends with. */
export function executionError(
  failure: ExecutionFailure,
  graph: PromptGraph | undefined,
): ComfyError {
  const { nodeId, nodeType } = failure;
  const node = nodeId === undefined ? "a node" : describeNode(graph, nodeId, nodeType);
  const context = nodeId === undefined ? {} : { nodeId };
  const what = firstLine(failure.message);
  if (isOutOfMemory(failure)) {
    return new ComfyError(
      "out_of_memory",
      `ComfyUI ran out of memory in ${node}: ${what}; ask for a smaller image or batch`,
      context,
    );
  }
  const type = failure.exceptionType;
  return new ComfyError("execution", `ComfyUI failed in ${node}: ${type}: ${what}`, context);
}

/** The error of a prompt that somebody stopped. */
export function interruptedError(promptId: string, nodeId: string | undefined): ComfyError {
  return new ComfyError(
    "interrupted",
    `Prompt ${promptId} was interrupted`,
    nodeId === undefined ? {} : { nodeId },
  );
}

function isOutOfMemory(failure: ExecutionFailure): boolean {
  return failure.exceptionType.endsWith("OutOfMemoryError") ||
    /\b(?:CUDA|HIP|MPS|XPU)\b.*\bout of memory\b/i.test(failure.message);
}

function firstLine(text: string): string {
  const line = text.split("\n").map((part) => part.trim()).find((part) => part !== "");
  return (line ?? "no message").slice(0, MAX_MESSAGE_CHARS).replace(/\.$/, "");
}

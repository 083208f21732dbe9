/** WebSocket messages of ComfyUI as a tagged union (pure). */

import { type AnonymousPreviewFrame, parseBinaryFrame, type TextFrame } from "./frames.ts";
import { imagesOf } from "./images.ts";
import {
  asCount,
  asObject,
  asStrings,
  asText,
  isObject,
  type JsonObject,
  parseJson,
} from "./json.ts";
import type { ImageRef } from "../types.ts";

/** Why a node failed, as `execution_error` and the history tell it. */
export interface ExecutionFailure {
  /** Id of the node in the graph. */
  nodeId: string | undefined;
  /** Class of that node. */
  nodeType: string | undefined;
  /** Dotted Python name of the exception. */
  exceptionType: string;
  /** Its message, possibly with a tip on further lines. */
  message: string;
}

/** State of one node in a `progress_state`. */
export interface NodeProgress {
  /** Id of the node. */
  node: string;
  /** Done so far. */
  value: number;
  /** What `value` will be at the end. */
  max: number;
  /** In practice only running and finished are sent. */
  finished: boolean;
  /** What it is busy with, if the server says so. */
  activity?: string;
}

/** A message from the server. */
export type ServerEvent =
  | { type: "status"; remaining: number | undefined; sid: string | undefined }
  | { type: "feature_flags"; flags: JsonObject }
  | { type: "execution_start"; promptId: string }
  | { type: "execution_cached"; promptId: string; nodes: string[] }
  | { type: "executing"; promptId: string | undefined; node: string; displayNode: string }
  | { type: "execution_done"; promptId: string }
  | { type: "progress_state"; promptId: string; nodes: NodeProgress[] }
  | {
    type: "progress";
    promptId: string | undefined;
    node: string | undefined;
    value: number;
    max: number;
  }
  | { type: "executed"; promptId: string; node: string; images: ImageRef[]; output: JsonObject }
  | { type: "execution_success"; promptId: string }
  | { type: "execution_error"; promptId: string; failure: ExecutionFailure }
  | { type: "execution_interrupted"; promptId: string; nodeId: string | undefined }
  | AnonymousPreviewFrame
  | TextFrame
  /** A type that ComfyUI's core does not send; custom nodes may. */
  | { type: "foreign"; name: string };

/** Reads a message; `undefined` for one that is malformed. */
export function parseFrame(data: unknown): ServerEvent | undefined {
  if (data instanceof ArrayBuffer) return parseBinaryFrame(data);
  return typeof data === "string" ? parseTextFrame(data) : undefined;
}

function parseTextFrame(text: string): ServerEvent | undefined {
  let message: unknown;
  try {
    message = parseJson(text);
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  const { type, data } = message;
  if (typeof type !== "string" || !isObject(data)) return undefined;
  const promptId = asText(data.prompt_id);
  if (Object.hasOwn(UNBOUND, type)) return UNBOUND[type as keyof typeof UNBOUND](data, promptId);
  if (!Object.hasOwn(BOUND, type)) return { type: "foreign", name: type };
  return promptId === undefined ? undefined : BOUND[type as keyof typeof BOUND](data, promptId);
}

/** Messages that may come without a prompt's id. */
const UNBOUND = { status, feature_flags: featureFlags, executing, progress };

/** Messages that mean nothing without one. */
const BOUND = {
  execution_start: (_data: JsonObject, promptId: string): ServerEvent => ({
    type: "execution_start",
    promptId,
  }),
  execution_cached: (data: JsonObject, promptId: string): ServerEvent => ({
    type: "execution_cached",
    promptId,
    nodes: asStrings(data.nodes),
  }),
  execution_success: (_data: JsonObject, promptId: string): ServerEvent => ({
    type: "execution_success",
    promptId,
  }),
  execution_error: (data: JsonObject, promptId: string): ServerEvent => ({
    type: "execution_error",
    promptId,
    failure: parseFailure(data),
  }),
  execution_interrupted: (data: JsonObject, promptId: string): ServerEvent => ({
    type: "execution_interrupted",
    promptId,
    nodeId: asText(data.node_id),
  }),
  executed,
  progress_state: progressState,
};

function status(data: JsonObject): ServerEvent {
  const info = asObject(asObject(data.status).exec_info);
  return { type: "status", remaining: asCount(info.queue_remaining), sid: asText(data.sid) };
}

function featureFlags(data: JsonObject): ServerEvent {
  return { type: "feature_flags", flags: data };
}

function executing(data: JsonObject, promptId: string | undefined): ServerEvent | undefined {
  if (data.node === null) {
    return promptId === undefined ? undefined : { type: "execution_done", promptId };
  }
  const node = asText(data.node);
  if (node === undefined) return undefined;
  return { type: "executing", promptId, node, displayNode: asText(data.display_node) ?? node };
}

function progress(data: JsonObject, promptId: string | undefined): ServerEvent | undefined {
  const value = asCount(data.value);
  const max = asCount(data.max);
  if (value === undefined || max === undefined) return undefined;
  return { type: "progress", promptId, node: asText(data.node), value, max };
}

function executed(data: JsonObject, promptId: string): ServerEvent | undefined {
  const node = asText(data.node);
  if (node === undefined) return undefined;
  const output = asObject(data.output);
  return { type: "executed", promptId, node, images: imagesOf(output, node), output };
}

function progressState(data: JsonObject, promptId: string): ServerEvent {
  const nodes = Object.entries(asObject(data.nodes)).flatMap(([node, state]) => {
    if (!isObject(state)) return [];
    const value = asCount(state.value) ?? 0;
    const activity = asText(state.activity);
    return [{
      node,
      value,
      max: asCount(state.max) ?? 1,
      finished: state.state === "finished",
      ...(activity === undefined || activity === "" ? {} : { activity }),
    }];
  });
  return { type: "progress_state", promptId, nodes };
}

/** Reads the data of an `execution_error`, from a message or from the history. */
export function parseFailure(data: JsonObject): ExecutionFailure {
  return {
    nodeId: asText(data.node_id),
    nodeType: asText(data.node_type),
    exceptionType: asText(data.exception_type) ?? "Exception",
    message: asText(data.exception_message) ?? "no message",
  };
}

/** The values that cross the border of this module: graphs, image references, events. */

/** One node of a graph in ComfyUI's API format. */
export interface PromptNode {
  /** Name of the node's class. */
  class_type: string;
  /** Literal values, and links as `[source node id, output index]`. */
  inputs: Record<string, unknown>;
  /** For people only: the title that error messages show. */
  _meta?: {
    /** The node's title. */
    title?: string;
  };
}

/** A graph in ComfyUI's API format: node id → node. */
export type PromptGraph = Record<string, PromptNode>;

/** Names a file that ComfyUI holds. Pass it back as it came, also Windows' backslashes. */
export interface ImageRef {
  /** Name without directories. */
  filename: string;
  /** Directory below the one that `type` names; empty for that one itself. */
  subfolder: string;
  /** `output`, `temp` (previews; wiped when the server starts) or `input`. */
  type: string;
  /** Id of the node that produced it, when known. */
  nodeId?: string;
  /** True if the node says that it is animated. */
  isAnimated?: true;
  /** What an upload's content is called where the server keeps assets: `blake3:…`. */
  assetHash?: string;
}

/** ComfyUI took the prompt. */
export interface QueuedEvent {
  /** Tag. */
  type: "queued";
  /** Id that ComfyUI uses: ours, unless the server is too old to take one. */
  promptId: string;
  /** Sort key in ComfyUI's queue, the lowest runs first; absent when the prompt was found ended. */
  number?: number;
  /** Client id that the prompt was posted under; {@linkcode ComfyClient.attach} needs the same. */
  clientId: string;
}

/** ComfyUI began to execute the prompt; sent once. */
export interface StartedEvent {
  /** Tag. */
  type: "started";
  /** Id that ComfyUI uses. */
  promptId: string;
}

/** Nodes whose results came from ComfyUI's cache. */
export interface CachedEvent {
  /** Tag. */
  type: "cached";
  /** Node ids; may be empty. */
  nodes: string[];
}

/** A node begins. A node with lazy inputs may begin more than once. */
export interface ExecutingEvent {
  /** Tag. */
  type: "executing";
  /** Id of the node; of an expanded node an id that is not in the graph. */
  node: string;
  /** Id of the node in the graph. */
  displayNode: string;
}

/** A node tells how far it is. */
export interface ProgressEvent {
  /** Tag. */
  type: "progress";
  /** Id of the node. */
  node: string;
  /** Done so far, for samplers in steps; other nodes may count in anything, fractions included. */
  value: number;
  /** What `value` will be at the end. */
  max: number;
}

/** A node has done its work. Not every node is announced: see README.md. */
export interface NodeFinishedEvent {
  /** Tag. */
  type: "node_finished";
  /** Id of the node. */
  node: string;
}

/** An image of what a sampler has so far. */
export interface PreviewEvent {
  /** Tag. */
  type: "preview";
  /** Id of the node that made it, when known. */
  node?: string;
  /** `image/jpeg` or `image/png`. */
  mimeType: string;
  /** The encoded image. */
  image: Uint8Array<ArrayBuffer>;
}

/**
 * A node tells what it is busy with, beside its progress (ComfyUI 0.38 and later); told when it changes.
 */
export interface ActivityEvent {
  /** Tag. */
  type: "activity";
  /** Id of the node. */
  node: string;
  /** `loading`, or whatever else the server says; undefined when that is over. */
  activity: string | undefined;
}

/** An image that a node delivers over the event socket, in place of a file. */
export interface SocketImageEvent {
  /** Tag. */
  type: "socket_image";
  /** Id of the node. */
  node: string;
  /** The image, whole: a PNG. */
  image: Uint8Array<ArrayBuffer>;
}

/** A node produced something to show. From the cache it names the files of the earlier run. */
export interface ExecutedEvent {
  /** Tag. */
  type: "executed";
  /** Id of the node. */
  node: string;
  /** The images among the output. */
  images: ImageRef[];
  /** All that the node returned for display, as it came. */
  output: Record<string, unknown>;
}

/**
 * The event stream broke, came back, or is silent so that the server is asked over HTTP instead.
 * `absent` comes again and again: there is no stream, and the server says that the prompt runs.
 */
export interface ConnectionEvent {
  /** Tag. */
  type: "connection";
  /** What became of the stream. */
  state: "lost" | "restored" | "polling" | "absent";
}

/** The prompt succeeded; always the last event. */
export interface CompletedEvent {
  /** Tag. */
  type: "completed";
  /**
   * The images of the run, cached ones included: saved ones, or the previews when nothing was
   * saved.
   */
  images: ImageRef[];
  /** Nodes known to have run. */
  executed: string[];
  /** Nodes taken from the cache. */
  cached: string[];
}

/** What happens to a prompt, in order. */
export type ComfyEvent =
  | QueuedEvent
  | StartedEvent
  | CachedEvent
  | ExecutingEvent
  | ProgressEvent
  | NodeFinishedEvent
  | PreviewEvent
  | ActivityEvent
  | SocketImageEvent
  | ExecutedEvent
  | ConnectionEvent
  | CompletedEvent;

/** Where a prompt stands on the server. */
export type PromptStatus = "pending" | "running" | "finished" | "unknown";

/** What a cancellation achieved, read from the server after the fact. */
export type CancelOutcome =
  /** It had not begun and has left the queue: nothing ran. */
  | { type: "removed" }
  /** It was running and ComfyUI reports it interrupted. */
  | { type: "interrupted" }
  /** Too late: it had ended by itself. */
  | { type: "finished" }
  /** The server knows no such prompt. */
  | { type: "unknown" }
  /** The time ran out before the server showed the effect, which may still come. */
  | { type: "unconfirmed" }
  /** It runs on a server that can only interrupt whatever runs, and that was not allowed. */
  | { type: "refused" };

/** What became of a prompt that was left before its end. */
export type LeftOutcome = CancelOutcome;

/**
 * A client of one ComfyUI server: runs graphs and follows them as typed events, whatever happens to
 * the connection. What it guarantees, and what ComfyUI does that one would not expect, stands in
 * README.md.
 *
 * @example Run a graph and keep its images
 * ```ts
 * import { createComfyClient, createProgressTracker, type PromptGraph } from "./mod.ts";
 *
 * async function generate(graph: PromptGraph, signal: AbortSignal): Promise<void> {
 *   await using client = createComfyClient({ url: "http://127.0.0.1:8188" });
 *   const tracker = createProgressTracker(graph);
 *   for await (const event of client.run(graph, { signal })) {
 *     const progress = tracker.update(event);
 *     if (progress) console.log(progress.stage, progress.percent);
 *     if (event.type !== "completed") continue;
 *     for (const image of event.images) {
 *       const bytes = await client.read(image, { maxBytes: 2 ** 28 });
 *       await Deno.writeFile(`output/${image.filename}`, bytes);
 *     }
 *   }
 * }
 * ```
 *
 * @module
 */

export type { LogFields, Logger, LogLevel } from "../log.ts";
export type { ExpectedNode, ExpectedTimes, NodeTime } from "../node_times.ts";
export type { Stage } from "../protocol/mod.ts";
export { createComfyClient } from "./client.ts";
export { onlySendsImages } from "./graph.ts";
export { isJobFault } from "./api/http.ts";
export { extensionFor, type FileKind, kindOf } from "./files/kinds.ts";
export type { ComfyClient } from "./comfy_client.ts";
export type { ExecutionFailure } from "./api/events.ts";
export type { HistoryEntry, PromptOutcome } from "./api/history.ts";
export type { DeviceStats, ModelDetails, ServerFeatures, SystemStats } from "./api/info.ts";
export type { JsonObject } from "./api/json.ts";
export type {
  CallOptions,
  CancelOptions,
  ComfyClientOptions,
  FollowOptions,
  PreviewMethod,
  ReadOptions,
  ReconnectOptions,
  RunOptions,
  UploadOptions,
  WebSocketLike,
} from "./options.ts";
export { createNodeMeter } from "./progress/node_meter.ts";
export type { NodeMeasurement, NodeMeter, NodeMeterOptions } from "./progress/node_meter.ts";
export {
  createProgressTracker,
  type ProgressSnapshot,
  type ProgressTracker,
  type ProgressTrackerOptions,
} from "./progress/progress.ts";
export type { QueueItem, QueueView } from "./api/server_view.ts";
export type {
  ActivityEvent,
  CachedEvent,
  CancelOutcome,
  ComfyEvent,
  CompletedEvent,
  ConnectionEvent,
  ExecutedEvent,
  ExecutingEvent,
  ImageRef,
  LeftOutcome,
  NodeFinishedEvent,
  PreviewEvent,
  ProgressEvent,
  PromptGraph,
  PromptNode,
  PromptStatus,
  QueuedEvent,
  SocketImageEvent,
  StartedEvent,
} from "./types.ts";
export { loadImageValue } from "./api/upload.ts";

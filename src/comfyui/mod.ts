/**
 * A client of one ComfyUI server: runs graphs and follows them as typed events, whatever happens to
 * the connection. What it guarantees stands in README.md; what ComfyUI does that one would not expect:
 *
 * - `execution_success` comes before the history entry; only `executing` with `node: null` after it.
 * - Interrupted and failed prompts share `status_str: "error"`, and a run-time cycle reads `success`:
 *   the last of `status.messages` decides. `execution_error` of `ExecutionBlocked` is no ending.
 * - A second socket of an id silences the first, and when the first goes, the second too. A socket
 *   that does not tell what HTTP tells is replaced.
 * - Prompts move from queue to history in one step: read them in this order. Events of a prompt may
 *   outrun the answer of its post.
 * - Previews of type 1 name no prompt: they belong to the running one. Feature flags must be the first
 *   message of a socket to get type 4, which does.
 * - Interrupts before a prompt's first node are forgotten: repeat them.
 * - From the cache, `executed` names the files of the earlier run, and nothing new is written.
 * - Python writes `NaN` into JSON. A missing POST route is 405.
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
export { createAlarm, type Later } from "./alarm.ts";
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

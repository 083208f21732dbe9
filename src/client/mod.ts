/**
 * Talks to a worker: submits jobs, follows them, asks for its state.
 *
 * A program needs three things: {@linkcode connect}, `generate()` of the {@linkcode Client} that it
 * returns, and the {@linkcode JobHandle} that this returns. Beside them stand the questions that a worker
 * answers: `ping`, `status`, `models`, `workflows`, `job`, `jobs`, `image` and `servers`.
 *
 * ```ts
 * import { connect } from "@dgx-pixels/worker/client";
 * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
 *
 * await using worker = await startSimulatedWorker();
 * await using client = await connect(worker);
 * const job = client.generate({
 *   prompt: "a knight with a round shield",
 *   model: "sd_xl_base_1.0.safetensors",
 *   size: [1024, 1024],
 *   steps: 8,
 *   cfg_scale: 8,
 * });
 * for await (const update of job.updates()) {
 *   if (update.type === "progress") console.log(`${update.stage} ${update.percent} %`);
 * }
 * console.log((await job.result).imagePath);
 * ```
 *
 * The examples start a worker of their own, which generates on a simulator. With a worker that runs
 * elsewhere it is `connect({ reqAddress, pubAddress })`, or `connect()` if it runs on this machine with
 * its default addresses; over HTTP, as in a browser, `connect({ url })`.
 *
 * Errors tell who must act, by their class and `code`:
 *
 * | error | when | who |
 * | ----- | ---- | --- |
 * | `TransportError` `timeout` | the worker is silent | whoever runs it |
 * | `JobError` `invalid_parameter`, `model_not_found`, `id_conflict` | a job was refused | its author |
 * | `JobError` `queue_full`, `unavailable` | a job was refused for now | its author, later |
 * | `JobError` `backend` | a job failed; the message has the cause | who runs ComfyUI, or its author |
 * | `JobError` `cancelled` | somebody cancelled it | nobody |
 * | `JobError` `lost` | nobody can tell how it ended | the caller: look at the output directory |
 * | `ComfyError` `unreachable` | the worker cannot reach ComfyUI for `models()` | whoever runs it |
 * | `TransportError` `unauthorized` | HTTP asks for a token, or for another one | whoever runs either |
 * | `ProtocolError` `too_large` | an image has more bytes than wanted | the caller |
 * | `ProtocolError` `unknown_type` | the worker is too old for this question | whoever runs it |
 *
 * @module
 */

export { connect, type ConnectOptions } from "./client.ts";
export type {
  CallOptions,
  Client,
  GenerateParams,
  ImageQuery,
  JobPage,
  JobQuery,
  ModelQuery,
} from "./calls.ts";
export type { ImageFile } from "./job/image_file.ts";
export type { JobHandle, JobResult } from "./job/handle.ts";
export type { Compression } from "./zmq/wire.ts";
export type { CurveClientOptions } from "../transport/mod.ts";
export {
  ComfyError,
  type ComfyErrorCode,
  type ComfyErrorContext,
  type ErrorContext,
  JobError,
  type JobErrorCode,
  PixelsError,
  ProtocolError,
  type ProtocolErrorCode,
  type ProtocolErrorContext,
  TransportError,
  type TransportErrorCode,
} from "../errors.ts";
export type { LogFields, Logger, LogLevel } from "../log.ts";
export type {
  JobAccepted,
  JobDescription,
  JobInfo,
  JobState,
  LoraChoice,
  ModelInfo,
  PixelOptions,
  PixelResult,
  Progress,
  ServerElsewhere,
  ServerInfo,
  Stage,
  StatusInfo,
  Update,
  WorkerInfo,
  WorkflowInfo,
} from "../protocol/mod.ts";

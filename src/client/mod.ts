/**
 * Talks to a worker: submits jobs, follows them, asks for its state.
 *
 * ```ts ignore
 * import { connect } from "@dgx-pixels/worker/client";
 *
 * await using client = await connect();
 * const job = client.generate({
 *   prompt: "a knight",
 *   model: "sd_xl_base_1.0.safetensors",
 *   size: [1024, 1024],
 *   steps: 20,
 *   cfg_scale: 8,
 * });
 * for await (const update of job.updates()) console.log(update);
 * console.log((await job.result).imagePath);
 * ```
 *
 * @module
 */

export { connect } from "./client.ts";
export type { CallOptions, Client, ConnectOptions, GenerateParams } from "./client.ts";
export type { JobHandle, JobResult } from "./job_handle.ts";
export type { Compression } from "./wire.ts";
export { memoryTransport, zmqTransport } from "../transport/mod.ts";
export type {
  BindOptions,
  IncomingRequest,
  PublishOptions,
  RequestClient,
  RequestOptions,
  RequestServer,
  Transport,
  UpdatePublisher,
  UpdateSubscriber,
} from "../transport/mod.ts";

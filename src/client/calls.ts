/** What a connection to a worker can be asked for. */

import type {
  GenerateRequest,
  JobDescription,
  JobInfo,
  ListJobsRequest,
  ModelInfo,
  ServerInfo,
  StatusInfo,
  WorkerInfo,
  WorkflowInfo,
} from "../protocol/mod.ts";
import type { ImageFile } from "./job/image_file.ts";
import type { JobHandle } from "./job/handle.ts";

/** Limits of one call. */
export interface CallOptions {
  /** Gives up waiting. What was asked for may happen all the same. */
  signal?: AbortSignal;
}

/** What to generate. `id` is drawn if it is left out. */
export type GenerateParams = Omit<GenerateRequest, "type" | "id"> & {
  /** Name of the job; sending the same request under the same id again runs nothing twice. */
  id?: string;
};

/** Which models to list. */
export interface ModelQuery {
  /** Whether to list what only a workflow can name, too: text encoders, ControlNets and more. @default {false} */
  allTypes?: boolean;
}

/** How an image is fetched. */
export interface ImageQuery {
  /** Most bytes that it may have; a larger one is refused before it is fetched. @default {1 GiB} */
  maxBytes?: number;
}

/** Which jobs to list. */
export type JobQuery = Omit<ListJobsRequest, "type">;

/** A page of jobs. */
export interface JobPage {
  /** The jobs, newest first; in the order of `job_ids` if those were given. */
  jobs: JobDescription[];
  /** Asks for the next page; absent on the last. */
  cursor?: string;
  /** With `job_ids`: those that the worker does not know. */
  unknown_ids?: string[];
}

/**
 * A connection to a worker. Calls may be made at any time, many at once, whether the worker is there or
 * not.
 *
 * All calls fail with `TransportError`: `timeout` when the worker did not answer, though the request was
 * sent again (`maxRetries`), `closed` when the client was closed; with `ProtocolError` when the worker
 * does not know such a request; and with the reason of `signal` when that was aborted.
 */
export interface Client extends AsyncDisposable {
  /**
   * Submits a job. Nothing is thrown here: what goes wrong is told by the promises of the handle.
   *
   * @example generate an image
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const job = client.generate({
   *   prompt: "a knight",
   *   model: "sd_xl_base_1.0.safetensors",
   *   size: [1024, 1024],
   *   steps: 4,
   *   cfg_scale: 7,
   * });
   * const { imagePath, seed, durationS } = await job.result;
   * console.log(`${imagePath} in ${durationS} s, seed ${seed}`);
   * ```
   *
   * @example Generate many, and live with failures
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const seeds = [1, 2, 3, 4];
   * const jobs = seeds.map((seed) =>
   *   client.generate({
   *     prompt: "a slime",
   *     model: "sd_xl_base_1.0.safetensors",
   *     size: [1024, 1024],
   *     steps: 4,
   *     cfg_scale: 7,
   *     seed,
   *   })
   * );
   * for (const outcome of await Promise.allSettled(jobs.map((job) => job.result))) {
   *   if (outcome.status === "fulfilled") console.log(outcome.value.imagePath);
   *   else console.error(outcome.reason.message);
   * }
   * ```
   *
   * @example Tell a refusal from a failure and a silence
   * ```ts
   * import { connect, JobError, TransportError } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const job = client.generate({
   *   prompt: "a knight",
   *   model: "nobody_has_this.safetensors",
   *   size: [1024, 1024],
   *   steps: 4,
   *   cfg_scale: 7,
   * });
   * try {
   *   await job.result;
   * } catch (error) {
   *   if (error instanceof TransportError) console.error("Nobody answers:", error.message);
   *   else if (!(error instanceof JobError)) throw error;
   *   else if (error.code === "backend") console.error("It failed:", error.message);
   *   else console.error("The worker says no:", error.message); // Model not found: …
   * }
   * ```
   *
   * @param options With `signal` the handle can be given up: its promises reject with the signal's reason
   *   and its updates end. The job itself goes on; `cancel()` of the handle ends it.
   * @returns at once, a handle that tells how the job goes.
   */
  generate(params: GenerateParams, options?: CallOptions): JobHandle;
  /**
   * Asks that a job be given up, queued or running.
   *
   * @example Give up a job that is known by its id only
   * ```ts
   * import assert from "node:assert/strict";
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const job = client.generate({
   *   id: "knight-1",
   *   prompt: "a knight",
   *   model: "sd_xl_base_1.0.safetensors",
   *   size: [1024, 1024],
   *   steps: 1_000,
   *   cfg_scale: 7,
   * });
   * await job.accepted;
   * await client.cancel("knight-1"); // here job.cancel() does the same
   * await assert.rejects(job.result, { code: "cancelled" });
   * ```
   *
   * @throws {JobError} `not_found` if it has ended or never was.
   */
  cancel(jobId: string, options?: CallOptions): Promise<void>;
  /**
   * Asks whether the worker answers.
   *
   * @example Wait no longer than two seconds
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * await client.ping({ signal: AbortSignal.timeout(2_000) });
   * ```
   */
  ping(options?: CallOptions): Promise<void>;
  /**
   * Asks for the state of the worker.
   *
   * @example See how busy it is
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const { queue_size, active_jobs, uptime_s } = await client.status();
   * console.log(`${active_jobs} run, ${queue_size} wait, up for ${uptime_s} s`);
   * ```
   */
  status(options?: CallOptions): Promise<StatusInfo>;
  /**
   * Asks for the models that can be named: checkpoints, LoRAs and VAEs, or with `allTypes` those of every
   * type, which older workers do not tell.
   *
   * @example List the checkpoints
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const models = await client.models();
   * for (const model of models) {
   *   if (model.model_type === "checkpoint") console.log(model.name, `${model.size_mb} MB`);
   * }
   * ```
   *
   * @throws {ComfyError} `unreachable` if the worker reaches no ComfyUI server.
   */
  models(options?: ModelQuery & CallOptions): Promise<ModelInfo[]>;
  /**
   * Asks for one job, whoever submitted it. To follow a job from another program, submit the same request
   * under the same id: nothing runs twice.
   *
   * @example Look at a job of anybody
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const { id, result } = client.generate({
   *   prompt: "a knight",
   *   model: "sd_xl_base_1.0.safetensors",
   *   size: [1024, 1024],
   *   steps: 4,
   *   cfg_scale: 7,
   * });
   * await result;
   * const { state, image_paths, attempts } = await client.job(id);
   * console.log(`${id} is ${state} after ${attempts} attempt(s): ${image_paths?.join(", ")}`);
   * ```
   *
   * @throws {JobError} `not_found` if there is none.
   */
  job(jobId: string, options?: CallOptions): Promise<JobInfo>;
  /**
   * Asks for a page of jobs, newest first, or for certain ones.
   *
   * @example Go through all that failed, page by page
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * let cursor: string | undefined;
   * do {
   *   const page = await client.jobs({ state: "failed", ...(cursor === undefined ? {} : { cursor }) });
   *   for (const job of page.jobs) console.log(job.job_id, job.error);
   *   cursor = page.cursor;
   * } while (cursor !== undefined);
   * ```
   */
  jobs(query?: JobQuery, options?: CallOptions): Promise<JobPage>;
  /**
   * Asks for the ComfyUI servers.
   *
   * @example See which servers are ready
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * for (const server of await client.servers()) {
   *   console.log(server.name, server.state, server.error ?? "");
   * }
   * ```
   */
  servers(options?: CallOptions): Promise<ServerInfo[]>;
  /**
   * Asks for the workflows that a job can name, which older workers do not tell.
   *
   * @example List them
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * for (const { name } of await client.workflows()) console.log(name);
   * ```
   */
  workflows(options?: CallOptions): Promise<WorkflowInfo[]>;
  /**
   * Lets a server finish what it has and gives it no more jobs, or gives it jobs again. A worker that
   * restarts has forgotten it.
   *
   * @example Take a server out for maintenance
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const [server] = await client.servers();
   * await client.drainServer(server!.name, true);
   * ```
   *
   * @throws {JobError} `invalid_parameter` if there is no server of that name.
   */
  drainServer(server: string, draining: boolean, options?: CallOptions): Promise<ServerInfo[]>;
  /**
   * Asks for the workers that share the queue, which older workers do not tell.
   *
   * @example See who runs how much
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * for (const { name, active_jobs } of await client.workers()) console.log(name, active_jobs);
   * ```
   */
  workers(options?: CallOptions): Promise<WorkerInfo[]>;
  /**
   * Lets a worker of the queue finish what it has and take no more jobs, or take jobs again. One that
   * restarts has forgotten it.
   *
   * @example Take a machine out for maintenance
   * ```ts
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const [first] = await client.workers();
   * await client.drainWorker(first!.name, true);
   * ```
   *
   * @throws {JobError} `invalid_parameter` if no worker of that name lives.
   */
  drainWorker(worker: string, draining: boolean, options?: CallOptions): Promise<WorkerInfo[]>;
  /**
   * Fetches an image of a finished job, from whichever machine the worker runs on.
   *
   * @example Keep an image here
   * ```ts
   * import assert from "node:assert/strict";
   * import { connect } from "@dgx-pixels/worker/client";
   * import { startSimulatedWorker } from "@dgx-pixels/worker/simulated";
   *
   * await using worker = await startSimulatedWorker();
   * await using client = await connect(worker);
   * const job = client.generate({
   *   prompt: "a knight",
   *   model: "sd_xl_base_1.0.safetensors",
   *   size: [1024, 1024],
   *   steps: 4,
   *   cfg_scale: 7,
   * });
   * await job.result;
   * const { data, contentType } = await client.image(job.id);
   * assert.equal(contentType, "image/png");
   * assert.ok(data.length > 100);
   * ```
   *
   * @param index Its place in the job's `image_paths`. @default {0}
   * @throws {JobError} `not_found` if there is no such job or its file is gone, `invalid_parameter` if
   *   the job has no such image.
   * @throws {ProtocolError} `too_large` if it has more than `maxBytes`.
   */
  image(jobId: string, index?: number, options?: ImageQuery & CallOptions): Promise<ImageFile>;
  /**
   * Lets go of the worker: jobs go on, handles that have not ended fail with `closed`. May be called again;
   * `await using` does it.
   */
  close(): Promise<void>;
}

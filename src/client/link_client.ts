/** The client on its link to a worker. */

import { JobError, TransportError } from "../errors.ts";
import type {
  GenerateRequest,
  JobAccepted,
  JobInfo,
  JobList,
  ModelInfo,
  ModelList,
  ServerInfo,
  StatusInfo,
  WorkerInfo,
  WorkflowInfo,
} from "../protocol/mod.ts";
import type {
  CallOptions,
  Client,
  GenerateParams,
  ImageQuery,
  JobPage,
  JobQuery,
  ModelQuery,
} from "./calls.ts";
import type { JobFollower } from "./job/follower.ts";
import { type JobHandle, TrackedJob } from "./job/handle.ts";
import { allImages, type ToldImages } from "./job/images.ts";
import { type ImageFile, wholeImage } from "./job/image_file.ts";
import { withSignal } from "./pace.ts";
import { isRefusal, type Requests } from "./requests.ts";
import type { Subscription } from "./subscription.ts";

/** What the client is made of. */
export interface ClientParts {
  /** Asks. */
  readonly requests: Requests;
  /** Follows jobs. */
  readonly follower: JobFollower;
  /** Hears. */
  readonly subscription: Subscription;
}

/** The client, which owns its parts. */
export class LinkClient implements Client {
  readonly #requests: Requests;
  readonly #follower: JobFollower;
  readonly #subscription: Subscription;
  #meeting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Takes the parts over. */
  constructor({ requests, follower, subscription }: ClientParts) {
    this.#requests = requests;
    this.#follower = follower;
    this.#subscription = subscription;
  }

  generate(params: GenerateParams, options: CallOptions = {}): JobHandle {
    const { signal } = options;
    const request: GenerateRequest = {
      ...params,
      type: "generate",
      id: params.id ?? crypto.randomUUID(),
    };
    const job = new TrackedJob(request.id, {
      submit: () => this.#submit(request, signal),
      cancel: () => this.cancel(request.id),
      images: (told) => this.#allImages(request.id, told),
      image: (index) => this.image(request.id, index),
    });
    this.#follower.follow(job, { mayBeOver: params.id !== undefined });
    const abandon = (): void => job.fail(signal?.reason);
    signal?.addEventListener("abort", abandon);
    job.settled.then(() => signal?.removeEventListener("abort", abandon));
    return job;
  }

  async cancel(jobId: string, { signal }: CallOptions = {}): Promise<void> {
    let isRepeated = false;
    const onRepeat = () => isRepeated = true;
    const request = { type: "cancel", job_id: jobId } as const;
    try {
      await this.#requests.ask(request, "job_cancelled", { signal, onRepeat });
    } catch (error) {
      if (!isRepeated || !isNotFound(error)) throw error;
      // The answer to the first one may have been lost, and what it said is true.
      const { state } = await this.job(jobId, signal === undefined ? {} : { signal });
      if (state !== "cancelled") throw error;
    }
    this.#follower.doubt(jobId);
  }

  async ping({ signal }: CallOptions = {}): Promise<void> {
    await this.#requests.ask({ type: "ping" }, "pong", { signal });
  }

  status({ signal }: CallOptions = {}): Promise<StatusInfo> {
    return this.#requests.ask({ type: "status" }, "status_info", { signal });
  }

  async models({ allTypes = false, signal }: ModelQuery & CallOptions = {}): Promise<ModelInfo[]> {
    const types = allTypes ? { all_types: true } : {};
    const models: ModelInfo[] = [];
    let next: { cursor?: string } | undefined = {};
    while (next !== undefined) {
      const request = { type: "list_models", ...types, ...next } as const;
      const page: ModelList = await this.#requests.ask(request, "model_list", { signal });
      models.push(...page.models);
      next = page.cursor === undefined ? undefined : { cursor: page.cursor };
    }
    return models;
  }

  async job(jobId: string, { signal }: CallOptions = {}): Promise<JobInfo> {
    const info = await this.#askJob(jobId, 0, signal);
    const { image_paths: paths, image_count: count } = info;
    if (paths === undefined || count === undefined) return info;
    return { ...info, image_paths: await this.#allImages(jobId, { paths, count }, signal) };
  }

  #askJob(jobId: string, first: number, signal: AbortSignal | undefined): Promise<JobInfo> {
    const rest = first === 0 ? {} : { first_image: first };
    return this.#requests.ask({ type: "job", job_id: jobId, ...rest }, "job_info", { signal });
  }

  #allImages(jobId: string, told: ToldImages, signal?: AbortSignal): Promise<string[]> {
    return allImages(told, async (first) => {
      return (await this.#askJob(jobId, first, signal)).image_paths ?? [];
    });
  }

  jobs(query: JobQuery = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    return this.#requests.ask({ ...query, type: "list_jobs" }, "job_list", { signal });
  }

  async servers({ signal }: CallOptions = {}): Promise<ServerInfo[]> {
    return (await this.#requests.ask({ type: "list_servers" }, "server_list", { signal })).servers;
  }

  async workflows({ signal }: CallOptions = {}): Promise<WorkflowInfo[]> {
    const request = { type: "list_workflows" } as const;
    return (await this.#requests.ask(request, "workflow_list", { signal })).workflows;
  }

  async drainServer(
    server: string,
    draining: boolean,
    { signal }: CallOptions = {},
  ): Promise<ServerInfo[]> {
    const request = { type: "drain_server", server, draining } as const;
    return (await this.#requests.ask(request, "server_list", { signal })).servers;
  }

  async workers({ signal }: CallOptions = {}): Promise<WorkerInfo[]> {
    return (await this.#requests.ask({ type: "list_workers" }, "worker_list", { signal })).workers;
  }

  async drainWorker(
    worker: string,
    draining: boolean,
    { signal }: CallOptions = {},
  ): Promise<WorkerInfo[]> {
    const request = { type: "drain_worker", worker, draining } as const;
    return (await this.#requests.ask(request, "worker_list", { signal })).workers;
  }

  image(
    jobId: string,
    index = 0,
    { maxBytes, signal }: ImageQuery & CallOptions = {},
  ): Promise<ImageFile> {
    return wholeImage(async (offset) => {
      const rest = offset === 0 ? {} : { offset };
      const request = { type: "image", job_id: jobId, index, ...rest } as const;
      return await this.#requests.ask(request, "image_data", { signal });
    }, maxBytes);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#follower.close(
      new TransportError("closed", "The client was closed before the job ended; the job goes on"),
    );
    await Promise.all([this.#requests.close(), this.#subscription.close()]);
  }

  async #submit(
    request: GenerateRequest,
    signal: AbortSignal | undefined,
  ): Promise<JobAccepted> {
    signal?.throwIfAborted();
    await withSignal(this.#meet(), signal);
    try {
      // A worker that knows no job again would run it twice.
      const retries = this.#follower.isOld ? { maxRetries: 0 } : {};
      return await this.#requests.ask(request, "job_accepted", { signal, ...retries });
    } catch (error) {
      throw isTimeout(error) ? doubtful(error) : error;
    }
  }

  /**
   * Before the first job: asks where the updates stand, so that none is missed from then on, and whether
   * the worker knows a job again. A job that fails here was never sent.
   */
  #meet(): Promise<void> {
    return this.#meeting ??= this.#askForStand().catch((error) => {
      this.#meeting = undefined;
      throw error;
    });
  }

  async #askForStand(): Promise<void> {
    try {
      this.#follower.meet(await askJobs(this.#requests, []));
    } catch (error) {
      // A worker that knows the question has no reason to refuse it, whatever another one says.
      if (!isRefusal(error)) throw error;
      this.#follower.meetOld();
    }
  }
}

/** Asks for the state of jobs, of none perhaps, and where the updates stand. */
export function askJobs(
  requests: Requests,
  ids: readonly string[],
  options: { maxRetries?: number } = {},
): Promise<JobList> {
  return requests.ask({ type: "list_jobs", job_ids: [...ids] }, "job_list", options);
}

function isNotFound(error: unknown): boolean {
  return error instanceof JobError && error.code === "not_found";
}

function isTimeout(error: unknown): error is TransportError {
  return error instanceof TransportError && error.code === "timeout";
}

function doubtful(cause: TransportError): TransportError {
  const message = `${cause.message}; the job may have been stored all the same, so submit it ` +
    `again under the same id`;
  return new TransportError("timeout", message, { cause });
}

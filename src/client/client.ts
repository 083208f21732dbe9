/** A connection to a worker: requests, and the updates of jobs. */

import { JobError, ProtocolError, TransportError } from "../errors.ts";
import {
  decodeUpdate,
  type GenerateRequest,
  type JobDescription,
  type JobInfo,
  type JobList,
  type ListJobsRequest,
  type ModelInfo,
  type Reply,
  type Request,
  type ServerInfo,
  type StatusInfo,
  type Update,
} from "../protocol/mod.ts";
import {
  type RequestClient,
  type Transport,
  type UpdateSubscriber,
  zmqTransport,
} from "../transport/mod.ts";
import { type JobHandle, TrackedJob } from "./job_handle.ts";
import { type Compression, Wire } from "./wire.ts";

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /** Endpoint of requests. @default {"tcp://127.0.0.1:5555"} */
  reqAddress?: string;
  /** Endpoint of updates. @default {"tcp://127.0.0.1:5556"} */
  pubAddress?: string;
  /** Longest wait for one reply in milliseconds. @default {5000} */
  timeoutMs?: number;
  /** Times that a request without an answer is sent again. @default {3} */
  maxRetries?: number;
  /** Silence of a job after which its state is asked for, in milliseconds. @default {2000} */
  silenceMs?: number;
  /**
   * How requests above 8 KiB are compressed, if the worker understands it and it saves a tenth.
   *
   * @default {"auto"}
   */
  compression?: Compression;
  /** Opens the sockets. @default ZeroMQ */
  transport?: Transport;
}

/** Limits of one call. */
export interface CallOptions {
  /** Gives up waiting. */
  signal?: AbortSignal;
}

/** What to paint. `id` is drawn if it is left out. */
export type GenerateParams = Omit<GenerateRequest, "type" | "id"> & {
  /** Name of the job; sending the same request under the same id again runs nothing twice. */
  id?: string;
};

/** A connection to a worker. */
export interface Client extends AsyncDisposable {
  /**
   * Submits a job.
   *
   * @returns at once, a handle that tells how the job goes.
   */
  generate(params: GenerateParams, options?: CallOptions): JobHandle;
  /** Asks that a job be given up. @throws {JobError} `not_found` if it has ended or never was. */
  cancel(jobId: string, options?: CallOptions): Promise<void>;
  /** Asks whether the worker answers. */
  ping(options?: CallOptions): Promise<void>;
  /** Asks for the state of the worker. */
  status(options?: CallOptions): Promise<StatusInfo>;
  /** Asks for the models that can be named. */
  models(options?: CallOptions): Promise<ModelInfo[]>;
  /** Asks for one job. @throws {JobError} `not_found` if there is none. */
  job(jobId: string, options?: CallOptions): Promise<JobInfo>;
  /** Asks for a page of jobs, newest first. */
  jobs(
    query?: Omit<ListJobsRequest, "type">,
    options?: CallOptions,
  ): Promise<{ jobs: JobDescription[]; cursor?: string }>;
  /** Asks for the ComfyUI servers. */
  servers(options?: CallOptions): Promise<ServerInfo[]>;
  /** Lets go of the worker; jobs go on, handles that have not ended fail. May be called again. */
  close(): Promise<void>;
}

/**
 * Connects to a worker, which need not be there yet.
 *
 * @throws {TransportError} `address_invalid` if an address cannot be used.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { transport = zmqTransport() } = options;
  const { reqAddress = "tcp://127.0.0.1:5555", pubAddress = "tcp://127.0.0.1:5556" } = options;
  await using starting = new AsyncDisposableStack();
  const requests = starting.use(await transport.connectRequests(reqAddress));
  const updates = starting.use(await transport.connectUpdates(pubAddress));
  starting.move();
  return new SocketClient(requests, updates, options);
}

class SocketClient implements Client {
  readonly #requests: RequestClient;
  readonly #updates: UpdateSubscriber;
  readonly #wire: Wire;
  readonly #timeoutMs: number;
  readonly #maxRetries: number;
  readonly #silenceMs: number;
  readonly #jobs = new Map<string, TrackedJob>();
  readonly #reading: Promise<void>;

  constructor(requests: RequestClient, updates: UpdateSubscriber, options: ConnectOptions) {
    this.#requests = requests;
    this.#updates = updates;
    this.#wire = new Wire(options.compression);
    this.#timeoutMs = options.timeoutMs ?? 5_000;
    this.#maxRetries = options.maxRetries ?? 3;
    this.#silenceMs = options.silenceMs ?? 2_000;
    this.#reading = this.#read();
  }

  generate(params: GenerateParams, options: CallOptions = {}): JobHandle {
    const request: GenerateRequest = { ...params, type: "generate", id: params.id ?? newId() };
    const job = new TrackedJob(request.id, {
      silenceMs: this.#silenceMs,
      submit: () => this.#call(request, "job_accepted", options),
      ask: () => this.job(request.id),
      cancel: async () => {
        // A large request may first ask what the worker understands: not to be overtaken.
        await Promise.allSettled([job.accepted]);
        await this.cancel(request.id);
      },
    });
    this.#jobs.set(request.id, job);
    job.settled.then(() => {
      if (this.#jobs.get(request.id) === job) this.#jobs.delete(request.id);
    });
    return job;
  }

  async cancel(jobId: string, options: CallOptions = {}): Promise<void> {
    await this.#call({ type: "cancel", job_id: jobId }, "job_cancelled", options);
  }

  async ping(options: CallOptions = {}): Promise<void> {
    await this.#call({ type: "ping" }, "pong", options);
  }

  status(options: CallOptions = {}): Promise<StatusInfo> {
    return this.#call({ type: "status" }, "status_info", options);
  }

  async models(options: CallOptions = {}): Promise<ModelInfo[]> {
    return (await this.#call({ type: "list_models" }, "model_list", options)).models;
  }

  job(jobId: string, options: CallOptions = {}): Promise<JobInfo> {
    return this.#call({ type: "job", job_id: jobId }, "job_info", options);
  }

  async jobs(
    query: Omit<ListJobsRequest, "type"> = {},
    options: CallOptions = {},
  ): Promise<JobList> {
    return await this.#call({ ...query, type: "list_jobs" }, "job_list", options);
  }

  async servers(options: CallOptions = {}): Promise<ServerInfo[]> {
    return (await this.#call({ type: "list_servers" }, "server_list", options)).servers;
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.close(), this.#updates.close()]);
    await this.#reading;
    const reason = new TransportError("closed", "The client was closed before the job ended");
    for (const job of this.#jobs.values()) job.fail(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(): Promise<void> {
    for await (const bytes of this.#updates) {
      const update = readUpdate(bytes);
      if (update !== undefined) this.#jobs.get(update.job_id)?.take(update);
    }
  }

  async #call<Type extends Reply["type"]>(
    request: Request,
    expected: Type,
    options: CallOptions,
  ): Promise<Extract<Reply, { type: Type }>> {
    const reply = await this.#wire.exchange(request, (body) => this.#send(body, options));
    if (isA(reply, expected)) return reply;
    if (reply.type === "job_error") throw refusal(reply.error);
    if (reply.type === "error") throw new ProtocolError("malformed", reply.message);
    throw new ProtocolError(
      "malformed",
      `Expected ${expected} for ${request.type}, got ${reply.type}`,
    );
  }

  /** Every request may be repeated: the worker recognises a submission by its id. */
  async #send(body: Uint8Array, { signal }: CallOptions): Promise<Uint8Array> {
    for (let attempt = 0;; attempt += 1) {
      try {
        const limits = { timeoutMs: this.#timeoutMs };
        return await this.#requests.request(
          body,
          signal === undefined ? limits : { ...limits, signal },
        );
      } catch (error) {
        const silent = error instanceof TransportError && error.code === "timeout";
        if (!silent || attempt >= this.#maxRetries || signal?.aborted) throw error;
      }
    }
  }
}

function isA<Type extends Reply["type"]>(
  reply: Reply,
  type: Type,
): reply is Extract<Reply, { type: Type }> {
  return reply.type === type;
}

/** Types that this client does not know belong to a newer worker, and are passed over. */
function readUpdate(bytes: Uint8Array): Update | undefined {
  try {
    return decodeUpdate(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function refusal(error: string): JobError {
  if (error.startsWith("Job not found")) return new JobError("not_found", error);
  if (error.startsWith("Model not found")) return new JobError("model_not_found", error);
  if (error.startsWith("Queue full")) return new JobError("queue_full", error);
  if (error.startsWith("Backend busy")) return new JobError("unavailable", error);
  return new JobError("invalid_parameter", error);
}

function newId(): string {
  return crypto.randomUUID();
}

/** A worker in memory that does what a test says, with a client of it. */

import { type Client, connect, type ConnectOptions } from "../../src/client/mod.ts";
import {
  decodeRequest,
  encodeReply,
  encodeUpdate,
  type JobDescription,
  type Reply,
  type Request,
  type Update,
} from "../../src/protocol/mod.ts";
import { type IncomingRequest, memoryTransport, type Transport } from "../../src/transport/mod.ts";

/** What a test decides about. */
export interface FakeWorkerOptions {
  /** Answers instead of the fake; `undefined` leaves it to the fake, `"silence"` gives no answer. */
  answer?: (request: Request) => Reply | "silence" | undefined;
  /** Stands between the client and its sockets. */
  wrap?: (transport: Transport) => Transport;
  /** Further options of the client. */
  client?: ConnectOptions;
}

/** The fake. */
export interface FakeWorker extends AsyncDisposable {
  readonly client: Client;
  /** Every request so far. */
  readonly requests: readonly Request[];
  /** What it says about jobs. */
  readonly states: Map<string, JobDescription>;
  /** Which life of the worker it plays. */
  epoch: number;
  /** Number of the last update. */
  seq: number;
  /** Publishes an update, with the next number. */
  publish(update: Update): void;
  /** Uses a number up for an update that nobody gets. */
  lose(): void;
  /** Publishes anything. */
  publishBytes(bytes: Uint8Array): void;
  /** Resolves with the next request of a type, or with the first after so many requests. */
  asked<Type extends Request["type"]>(
    type: Type,
    since?: number,
  ): Promise<Extract<Request, { type: Type }>>;
}

/** Starts one. Times are short: nothing is slow within a process. */
export async function fakeWorker(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
  const transport = memoryTransport();
  const requestSocket = await transport.bindRequests("mem://requests");
  const updateSocket = await transport.bindUpdates("mem://updates");
  const requests: Request[] = [];
  const listeners = new Set<(request: Request) => void>();
  const serve = (incoming: IncomingRequest): void => {
    const request = decodeRequest(incoming.frames[0]!);
    requests.push(request);
    const reply = options.answer?.(request) ?? answerOf(fake, request);
    if (reply !== "silence") incoming.reply(encodeReply(reply));
    for (const listener of listeners) listener(request);
  };
  const serving = (async () => {
    for await (const incoming of requestSocket) serve(incoming);
  })();
  const client = await connect({
    transport: options.wrap?.(transport) ?? transport,
    reqAddress: requestSocket.address,
    pubAddress: updateSocket.address,
    timeoutMs: 30,
    retryDelayMs: 2,
    silenceMs: 20,
    ...options.client,
  });
  const fake: FakeWorker = {
    client,
    requests,
    states: new Map(),
    epoch: 1_000,
    seq: 0,
    publish(update) {
      fake.seq += 1;
      updateSocket.publish(encodeUpdate({ ...update, epoch: fake.epoch, seq: fake.seq }));
    },
    lose: () => void (fake.seq += 1),
    publishBytes: (bytes) => updateSocket.publish(bytes),
    asked<Type extends Request["type"]>(type: Type, since = requests.length) {
      const past = requests.slice(since).find((request) => isA(request, type));
      if (past !== undefined) return Promise.resolve(past);
      const { promise, resolve } = Promise.withResolvers<Extract<Request, { type: Type }>>();
      const listener = (request: Request) => {
        if (isA(request, type)) {
          listeners.delete(listener);
          resolve(request);
        }
      };
      listeners.add(listener);
      return promise;
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await requestSocket.close();
      await updateSocket.close();
      await serving;
    },
  };
  return fake;
}

function isA<Type extends Request["type"]>(
  request: Request,
  type: Type,
): request is Extract<Request, { type: Type }> {
  return request.type === type;
}

/** What a worker answers that takes everything. */
function answerOf({ states, epoch, seq }: FakeWorker, request: Request): Reply {
  switch (request.type) {
    case "generate":
      if (!states.has(request.id)) states.set(request.id, describe(request.id));
      return { type: "job_accepted", job_id: request.id, estimated_time_s: 1 };
    case "cancel":
      return { type: "job_cancelled", job_id: request.job_id };
    case "job": {
      const state = states.get(request.job_id);
      if (state !== undefined) return { type: "job_info", ...state };
      return { type: "job_error", job_id: request.job_id, error: "Job not found" };
    }
    case "list_jobs": {
      const ids = request.job_ids ?? [];
      const jobs = ids.flatMap((id) => states.get(id) ?? []);
      const unknown_ids = ids.filter((id) => !states.has(id));
      return { type: "job_list", jobs, unknown_ids, epoch, last_seq: seq };
    }
    case "status":
      return statusInfo(0);
    case "ping":
      return { type: "pong" };
    case "list_models":
      return { type: "model_list", models: [] };
    case "image":
      return { type: "job_error", job_id: request.job_id, error: "Job not found" };
    case "list_servers":
    case "drain_server":
      return { type: "server_list", servers: [] };
    case "list_workers":
    case "drain_worker":
      return { type: "worker_list", workers: [] };
    case "list_workflows":
      return { type: "workflow_list", workflows: [] };
    default:
      return request satisfies never;
  }
}

/** The state of a worker that has this many jobs. */
export function statusInfo(jobs: number): Reply {
  return {
    type: "status_info",
    version: "1.0.0",
    queue_size: jobs,
    active_jobs: 0,
    uptime_s: 1,
  };
}

/** The state of a job; queued unless told otherwise. */
export function describe(job_id: string, fields: Partial<JobDescription> = {}): JobDescription {
  return { job_id, state: "queued", attempts: 1, created_at: 1, ...fields };
}

/** A request. */
export const IMAGE: {
  prompt: string;
  model: string;
  size: [number, number];
  steps: number;
  cfg_scale: number;
} = { prompt: "p", model: "m", size: [64, 64], steps: 1, cfg_scale: 1 };

/** How a job ends well. */
export function complete(job_id: string): Update {
  return {
    type: "job_complete",
    job_id,
    image_path: "/a.png",
    duration_s: 2,
    image_paths: ["/a.png", "/b.png"],
    seed: 7,
  };
}

/** A sign of progress. */
export function progress(job_id: string, percent: number): Extract<Update, { type: "progress" }> {
  return {
    type: "progress",
    job_id,
    stage: "sampling",
    step: 1,
    total_steps: 2,
    percent,
    eta_s: 1,
  };
}

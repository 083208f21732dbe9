/** Request → Reply, one function for each request type. */

import { JobError, PixelsError } from "../errors.ts";
import type { CheckResult, ServerState } from "../executor/mod.ts";
import type {
  GenerateRequest,
  JobDescription,
  ModelInfo,
  Progress,
  Reply,
  Request,
} from "../protocol/mod.ts";
import { COMPRESSION_METHODS } from "../protocol/compression.ts";
import { MAX_MESSAGE_BYTES } from "../protocol/limits.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { Job, JobQueue } from "../queue/mod.ts";
import { startSpan } from "../trace.ts";
import type { Announcer } from "./announcer.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Estimator } from "./estimate.ts";
import type { NewsStand } from "./publisher.ts";

/** What the handlers need of a server. */
export interface ServerView {
  /** Its name. */
  readonly name: string;
  /** Its base URL. */
  readonly url: string;
  /** How it is. */
  readonly state: ServerState;
  /** Why it is not ready. */
  readonly stateError: string | undefined;
  /** What it said of such a request a moment ago, if it can be done. */
  recall(request: GenerateRequest): CheckResult | undefined;
  /** Asks whether a request can be done. */
  check(request: GenerateRequest): Promise<CheckResult>;
  /** Lists its models. */
  models(): Promise<ModelInfo[]>;
}

/** What the handlers need of the scheduler. */
export interface SchedulerView {
  /** Takes note of a job that was stored. */
  came(job: Job): void;
  /** Stops the attempt at a job. */
  abort(jobId: string): void;
  /** Jobs under way on a server. */
  activeOn(server: string): number;
  /** Last progress of a job. */
  progressOf(jobId: string): Progress | undefined;
  /** Expected time until a server is done with what it was handed before a job, in milliseconds. */
  waitBeforeMs(jobId: string): number;
}

/** What the handlers work with. */
export interface HandlerContext {
  /** The truth about jobs. */
  readonly queue: JobQueue;
  /** The ComfyUI servers; at least one. */
  readonly servers: readonly ServerView[];
  /** Runs the queue. */
  readonly scheduler: SchedulerView;
  /** Tells endings. */
  readonly announcer: Announcer;
  /** Knows run times. */
  readonly estimator: Estimator;
  /** Submissions on their way to the queue. */
  readonly arrivals: Arrivals;
  /** Where the stream of updates stands. */
  readonly news: NewsStand;
  /** True once the worker takes no more jobs. */
  readonly stopping: () => boolean;
  /** Milliseconds since the worker started. */
  readonly uptimeMs: () => number;
}

/**
 * Answers a valid request. What goes wrong with it is a reply too.
 *
 * @param isFollowed Tells whether another request is there already, to be stored with this one.
 */
export async function handleRequest(
  context: HandlerContext,
  request: Request,
  isFollowed: () => boolean = () => false,
): Promise<Reply> {
  switch (request.type) {
    case "generate":
      return await generate(context, request, isFollowed);
    case "cancel":
      return await cancel(context, request.job_id);
    case "list_models":
      return await listModels(context);
    case "status":
      return await status(context);
    case "ping":
      return { type: "pong" };
    case "job":
      return await describe(context, request.job_id);
    case "list_jobs":
      if (request.job_ids !== undefined) return await namedJobs(context, request.job_ids);
      return await listJobs(context, request);
    case "list_servers":
      return listServers(context);
    default:
      return request satisfies never;
  }
}

async function generate(
  context: HandlerContext,
  request: GenerateRequest,
  isFollowed: () => boolean,
): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id: request.id, error });
  if (context.stopping()) {
    return refuse("Backend busy: the worker is stopping; send it again later");
  }
  try {
    using arrival = context.arrivals.begin();
    // What needs no wait is stored before the next request is looked for.
    const remembered = recall(context.servers, request);
    const check = remembered ?? await checkNew(context, request);
    if (check?.type === "refused") return refuse(check.error);
    const result = await context.queue.enqueue(request, {
      more: arrival.leave() || isFollowed(),
      ...(check === undefined ? {} : { workflow: check.workflow }),
    });
    if (result.type === "full") return refuse("Queue full");
    if (result.type === "conflict") {
      return refuse(
        "Invalid parameter: id: it belongs to a job with other parameters; use a new one",
      );
    }
    context.scheduler.came(result.job);
    const waitMs = result.type === "accepted"
      ? waitingMs(context, result.job, result.position)
      : await expectedMs(context, result.job);
    return { type: "job_accepted", job_id: request.id, estimated_time_s: waitMs / 1_000 };
  } catch (error) {
    if (error instanceof PixelsError) return refuse(error.message);
    throw error;
  }
}

function recall(
  servers: readonly ServerView[],
  request: GenerateRequest,
): CheckResult | undefined {
  for (const server of servers) {
    const check = server.recall(request);
    if (check !== undefined) return check;
  }
  return undefined;
}

/** A repeated submission is recognised even if its model or workflow has gone since. */
async function checkNew(
  { queue, servers }: HandlerContext,
  request: GenerateRequest,
): Promise<CheckResult | undefined> {
  const known = await queue.get(request.id);
  return known === undefined ? await checkOnServers(servers, request) : undefined;
}

/**
 * A request is taken if any server can do it. A sandbox that cannot answer just now is no reason to
 * refuse: the job waits and is checked again before it runs.
 */
async function checkOnServers(
  servers: readonly ServerView[],
  request: GenerateRequest,
): Promise<CheckResult | undefined> {
  using _span = startSpan("check a request", { jobId: request.id });
  const answers = await Promise.allSettled(servers.map((server) => server.check(request)));
  const checks = answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  const refused = checks.find((check) => check.type === "refused");
  const everyone = checks.length === servers.length;
  return checks.find((check) => check.type === "ok") ?? (everyone ? refused : undefined);
}

async function cancel(context: HandlerContext, jobId: string): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id: jobId, error });
  try {
    const result = await context.queue.cancel(jobId);
    if (result.type === "not_found") return refuse("Job not found or already completed");
    if (result.type === "cancelling") context.scheduler.abort(jobId);
    else await context.announcer.announce(result.job);
    return { type: "job_cancelled", job_id: jobId };
  } catch (error) {
    if (error instanceof PixelsError) return refuse(error.message);
    throw error;
  }
}

async function listModels({ servers }: HandlerContext): Promise<Reply> {
  const answers = await Promise.allSettled(servers.map((server) => server.models()));
  const lists = answers.flatMap((answer) => answer.status === "fulfilled" ? [answer.value] : []);
  if (lists.length === 0) {
    const reasons = answers.flatMap((answer) =>
      answer.status === "rejected" && answer.reason instanceof Error ? [answer.reason.message] : []
    );
    return { type: "error", message: `Communication error: ${reasons.join("; ")}` };
  }
  const models = new Map<string, ModelInfo>();
  for (const model of lists.flat()) models.set(`${model.model_type}/${model.name}`, model);
  return { type: "model_list", models: [...models.values()].sort(byName) };
}

function byName(a: ModelInfo, b: ModelInfo): number {
  const [x, y] = [a.name.toLowerCase(), b.name.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

async function status({ queue, uptimeMs }: HandlerContext): Promise<Reply> {
  const { queued, running } = await queue.counts();
  return {
    type: "status_info",
    version: PROTOCOL_VERSION,
    queue_size: queued,
    active_jobs: running,
    uptime_s: Math.floor(uptimeMs() / 1_000),
    compression: [...COMPRESSION_METHODS],
  };
}

async function describe(context: HandlerContext, jobId: string): Promise<Reply> {
  const job = await context.queue.get(jobId);
  if (job === undefined) return { type: "job_error", job_id: jobId, error: "Job not found" };
  return { type: "job_info", ...await description(context, job) };
}

async function listJobs(
  context: HandlerContext,
  request: Extract<Request, { type: "list_jobs" }>,
): Promise<Reply> {
  const { limit = 100, state, cursor } = request;
  try {
    const page = await context.queue.list({
      limit,
      ...(state === undefined ? {} : { state }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const jobs = await Promise.all(page.jobs.map((job) => description(context, job)));
    const fitting = countFitting(jobs);
    // A shorter page ends at another cursor.
    if (fitting < jobs.length) return await listJobs(context, { ...request, limit: fitting });
    return {
      type: "job_list",
      jobs,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  } catch (error) {
    if (error instanceof JobError) return { type: "error", message: error.message };
    throw error;
  }
}

/** What a client with many jobs asks for after it has lost updates: one message, not one for each. */
async function namedJobs(context: HandlerContext, ids: readonly string[]): Promise<Reply> {
  // Before the jobs are looked at: whatever is published meanwhile counts as not yet told.
  const { epoch, lastSeq } = context.news;
  const jobs: JobDescription[] = [];
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    const job = await context.queue.get(id);
    if (job === undefined) unknown.push(id);
    else jobs.push(await description(context, job));
  }
  const fitting = jobs.slice(0, countFitting(jobs));
  return { type: "job_list", jobs: fitting, unknown_ids: unknown, epoch, last_seq: lastSeq };
}

/** Bytes of a page, measured as JSON: MessagePack is shorter but for some numbers, hence the margin. */
const PAGE_BYTES = MAX_MESSAGE_BYTES - 65_536;

/** How many jobs fit into one message; at least one. */
function countFitting(jobs: readonly JobDescription[]): number {
  const encoder = new TextEncoder();
  let bytes = 0;
  const first = jobs.findIndex((job) => {
    bytes += encoder.encode(JSON.stringify(job)).length;
    return bytes > PAGE_BYTES;
  });
  return first < 0 ? jobs.length : Math.max(1, first);
}

function listServers({ servers, scheduler }: HandlerContext): Reply {
  return {
    type: "server_list",
    servers: servers.map(({ name, url, state, stateError }) => ({
      name,
      url,
      state,
      active_jobs: scheduler.activeOn(name),
      ...(stateError === undefined ? {} : { error: stateError }),
    })),
  };
}

async function description(context: HandlerContext, job: Job): Promise<JobDescription> {
  const position = await context.queue.position(job.id);
  const progress = context.scheduler.progressOf(job.id);
  const { startedAtMs, finishedAtMs, outcome } = job;
  return {
    job_id: job.id,
    state: job.state,
    attempts: job.attempts,
    created_at: job.createdAtMs / 1_000,
    ...(startedAtMs === undefined ? {} : { started_at: startedAtMs / 1_000 }),
    ...(finishedAtMs === undefined ? {} : { finished_at: finishedAtMs / 1_000 }),
    ...(position === undefined ? {} : { position }),
    ...(position === undefined ? {} : { estimated_time_s: await expectedMs(context, job) / 1_000 }),
    ...(progress === undefined ? {} : { progress }),
    ...(outcome?.type === "completed" ? pictures(outcome.result.imagePaths) : {}),
    ...(outcome?.type === "failed" ? { error: outcome.error } : {}),
    ...(startedAtMs === undefined || finishedAtMs === undefined
      ? {}
      : { duration_s: (finishedAtMs - startedAtMs) / 1_000 }),
    ...(job.workflow === undefined ? {} : { workflow: job.workflow }),
    ...(job.server === undefined ? {} : { server: job.server }),
    seed: job.seed,
  };
}

function pictures(paths: readonly string[]): { image_path: string; image_paths: string[] } {
  return { image_path: paths[0] ?? "", image_paths: [...paths] };
}

/** Expected time until a job is done: what goes before it, shared by the servers, then itself. */
async function expectedMs(context: HandlerContext, job: Job): Promise<number> {
  if (job.outcome !== undefined) return 0;
  const position = await context.queue.position(job.id);
  const progress = context.scheduler.progressOf(job.id);
  if (position === undefined && progress !== undefined) return progress.eta_s * 1_000;
  return waitingMs(context, job, position ?? 0);
}

/** The same of one that does not run. */
function waitingMs(context: HandlerContext, job: Job, position: number): number {
  const { scheduler, estimator, servers } = context;
  const queuedMs = position * estimator.typicalMs / servers.length;
  return scheduler.waitBeforeMs(job.id) + queuedMs + estimator.runMs(job);
}

/** `generate`: a job is taken, or refused with the reason. */

import { PixelsError } from "../../errors.ts";
import type { CheckResult } from "../../executor/mod.ts";
import type { GenerateRequest, Reply } from "../../protocol/mod.ts";
import type { Job } from "../../queue/mod.ts";
import { type ExpectedWait, expectedWait, waitingMs } from "../estimates/expected_wait.ts";
import { checkOnServers, recall } from "./checks.ts";
import type { HandlerContext } from "./context.ts";

/** What a client hears that has most of the queue while others are refused. */
const SHARE_FULL =
  "Queue full: most of the jobs that wait came from this client, and others have " +
  "none; send more when some are done";

/** Stores the job before it is accepted; the same request under the same id is taken once. */
export async function generate(
  context: HandlerContext,
  request: GenerateRequest,
  isFollowed: () => boolean,
  owner: string = "",
): Promise<Reply> {
  const refuse = (error: string): Reply => ({ type: "job_error", job_id: request.id, error });
  if (context.stopping()) {
    return refuse("Backend busy: the worker is stopping; send it again later");
  }
  for (let earlier; (earlier = context.arrivals.earlier(request.id)) !== undefined;) await earlier;
  using arrival = context.arrivals.begin(request.id);
  const { problem } = context.freeSpace;
  // What was accepted before stays so.
  if (problem !== undefined && await context.queue.get(request.id) === undefined) {
    return refuse(`Backend busy: ${problem}`);
  }
  const unwelcome = webhookProblem(context, request);
  if (unwelcome !== undefined && await context.queue.get(request.id) === undefined) {
    return refuse(`Invalid parameter: webhook: ${unwelcome}`);
  }
  if (
    context.shares?.mayBeOver(owner) === true &&
    await context.shares.isOver(owner) &&
    await context.queue.get(request.id) === undefined
  ) return refuse(SHARE_FULL);
  try {
    // What needs no wait is stored before the next request is looked for.
    const remembered = recall(context.servers, request);
    const check = remembered ?? await checkNew(context, request);
    if (check?.type === "refused") return refuse(check.error);
    if (check?.pixels !== undefined) {
      context.estimator.notePixels({ request, workflow: check.workflow }, check.pixels);
    }
    const result = await context.queue.enqueue(request, {
      more: arrival.leave() || isFollowed(),
      ...(check === undefined ? {} : { workflow: check.workflow }),
    });
    if (result.type === "full") {
      context.shares?.refused(owner);
      return refuse("Queue full");
    }
    if (result.type === "conflict") {
      return refuse(
        "Invalid parameter: id: it belongs to a job with other parameters; use a new one",
      );
    }
    context.scheduler.came(result.job);
    if (result.type === "accepted") context.shares?.took(owner, request.id);
    const wait = result.type === "accepted"
      ? waitOf(context, result.job, result.position)
      : await expectedWait(context, result.job);
    return {
      type: "job_accepted",
      job_id: request.id,
      estimated_time_s: wait.ms / 1_000,
      estimate_confidence: wait.confidence,
    };
  } catch (error) {
    if (error instanceof PixelsError) return refuse(error.message);
    throw error;
  }
}

function webhookProblem(
  { webhookRefusal }: HandlerContext,
  { webhook }: GenerateRequest,
): string | undefined {
  if (webhook === undefined) return undefined;
  if (webhookRefusal !== undefined) return webhookRefusal(webhook);
  return "this worker tells none; the operator can set webhooks.allowed_hosts";
}

function waitOf(context: HandlerContext, job: Job, position: number): ExpectedWait {
  const run = context.estimator.estimate(job);
  const ms = waitingMs(context, job.id, { run, position });
  return { ms, confidence: run.confidence };
}

/** A repeated submission is recognised even if its model or workflow has gone since. */
async function checkNew(
  context: HandlerContext,
  request: GenerateRequest,
): Promise<CheckResult | undefined> {
  const known = await context.queue.get(request.id);
  return known === undefined ? await checkOnServers(context, request) : undefined;
}

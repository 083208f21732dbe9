/** What clients are told of a job. */

import type { GenerateRequest, JobDescription } from "../../protocol/mod.ts";
import { toldPrompt } from "../../protocol/told.ts";
import type { Job, JobResult } from "../../queue/mod.ts";
import { durationS, imageUrlOf } from "../announcer.ts";
import type { ExpectedRun } from "../estimates/estimator.ts";
import { waitingMs } from "../estimates/expected_wait.ts";
import type { HandlerContext } from "./context.ts";

/** A job as it stands, but for its place in the line, which many are asked for at once. */
export interface Sketch {
  /** What is known without that. */
  readonly description: JobDescription;
  /** How long the job is expected to run; only of one that waits. */
  readonly run: ExpectedRun | undefined;
}

/** Describes a job as it stands now. */
export async function describe(context: HandlerContext, job: Job): Promise<JobDescription> {
  const sketch = sketchOf(context, job);
  const isWaiting = sketch.run !== undefined;
  return placed(context, sketch, isWaiting ? await context.queue.position(job.id) : undefined);
}

/** Describes what asks the queue for nothing. */
export function sketchOf(context: HandlerContext, job: Job): Sketch {
  const progress = context.scheduler.progressOf(job.id);
  const { startedAtMs, finishedAtMs, outcome } = job;
  const description: JobDescription = {
    job_id: job.id,
    state: job.state,
    attempts: job.attempts,
    created_at: job.createdAtMs / 1_000,
    ...(startedAtMs === undefined ? {} : { started_at: startedAtMs / 1_000 }),
    ...(finishedAtMs === undefined ? {} : { finished_at: finishedAtMs / 1_000 }),
    ...(progress === undefined ? {} : { progress }),
    ...(outcome?.type === "completed" ? imagesOf(outcome.result) : {}),
    ...(outcome?.type === "failed" ? { error: outcome.error } : {}),
    ...(startedAtMs === undefined || finishedAtMs === undefined
      ? {}
      // A clock that was set back meanwhile makes no time negative.
      : { duration_s: durationS(job) }),
    ...(job.workflow === undefined ? {} : { workflow: job.workflow }),
    ...(job.server === undefined ? {} : { server: job.server }),
    ...(job.worker === undefined ? {} : { worker: job.worker }),
    seed: outcome?.type === "completed" ? outcome.result.seed ?? job.seed : job.seed,
    // Of a damaged record nobody can tell what it asked for.
    ...(job.damage === undefined ? askedFor(job.request) : {}),
  };
  const run = job.state === "queued" ? context.estimator.estimate(job) : undefined;
  return { description, run };
}

/** Adds the place in the line, if the job still has one, and what follows from it. */
export function placed(
  context: HandlerContext,
  { description, run }: Sketch,
  position: number | undefined,
): JobDescription {
  if (run === undefined) return description;
  const { position: _unknown, estimated_time_s: _s, estimate_confidence: _c, ...rest } =
    description;
  if (position === undefined) return rest;
  return {
    ...rest,
    position,
    estimated_time_s: waitingMs(context, description.job_id, { run, position }) / 1_000,
    estimate_confidence: run.confidence,
  };
}

function imagesOf(result: JobResult): Partial<JobDescription> {
  const { imagePaths, animationPaths, pixel } = result;
  const found = {
    ...imageUrlOf(result),
    ...(animationPaths === undefined ? {} : { animation_paths: [...animationPaths] }),
    ...(pixel === undefined ? {} : { pixel: [...pixel] }),
  };
  return { image_path: imagePaths[0] ?? "", image_paths: [...imagePaths], ...found };
}

/** What tells one job from another at a glance. */
function askedFor(
  { prompt, model, size, steps, lora, lora_strength, loras }: GenerateRequest,
): Partial<JobDescription> {
  const strength = lora_strength === undefined ? {} : { strength_model: lora_strength };
  const all = loras ?? (lora === undefined ? undefined : [{ name: lora, ...strength }]);
  return {
    prompt: toldPrompt(prompt),
    model,
    size,
    steps,
    ...(all === undefined ? {} : { loras: all }),
  };
}

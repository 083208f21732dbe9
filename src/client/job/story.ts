/** What happened to a job, in order, from updates as they come and from answers about its state. */

import type { JobComplete, JobDescription, Progress, Update } from "../../protocol/mod.ts";

/**
 * Decides which updates are new. What was lost is made up from the job's state; what comes late, twice
 * or after such a repair is passed over, so that a job's story reads the same whatever was lost: started
 * first, `percent` never falling within a life of the worker, one ending. Pure.
 */
export class JobStory {
  #isBegun = false;
  #isFinished = false;
  #isOver = false;
  #shown: { readonly epoch: number | undefined; readonly percent: number } | undefined;

  /** True once it is known that the job has stopped, even if not yet how it ended. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Takes an update; returns what it adds to the story. */
  take(update: Update): readonly Update[] {
    if (this.#isOver) return [];
    const updates = this.#updatesOf(update);
    if (updates.length > 0) this.#isBegun = true;
    return updates;
  }

  /** Takes the state that the worker told in a life; returns what that adds to the story. */
  learn(job: JobDescription, epoch: number): readonly Update[] {
    return madeUp(job).flatMap((update) =>
      this.take(update.type === "progress" ? { ...update, epoch } : update)
    );
  }

  #updatesOf(update: Update): readonly Update[] {
    switch (update.type) {
      case "job_started":
        return this.#isBegun ? [] : [update];
      case "progress":
        return this.#isNew(update) ? [update] : [];
      case "preview":
        return this.#isFinished ? [] : [update];
      case "job_finished": {
        const updates = this.#isFinished ? [] : [update];
        this.#isFinished = true;
        return updates;
      }
      case "job_complete":
        this.#isOver = true;
        return this.#isFinished ? [update] : [finishedBefore(update), update];
      case "job_error":
        this.#isOver = true;
        return [update];
      default:
        return update satisfies never;
    }
  }

  #isNew({ epoch, percent }: Progress): boolean {
    if (this.#isFinished) return false;
    const shown = this.#shown;
    if (shown !== undefined && shown.epoch === epoch && percent < shown.percent) return false;
    this.#shown = { epoch, percent };
    return true;
  }
}

function finishedBefore({ job_id, duration_s }: JobComplete): Update {
  return { type: "job_finished", job_id, success: true, duration_s };
}

/** The updates that tell a state. They have no numbers: nobody sent them. */
function madeUp(job: JobDescription): Update[] {
  const { job_id, state, started_at, duration_s = 0 } = job;
  const updates: Update[] = [];
  if (started_at !== undefined) {
    updates.push({ type: "job_started", job_id, timestamp: Math.floor(started_at) });
  }
  if (state === "queued") return updates;
  if (state === "running") return job.progress === undefined ? updates : [...updates, job.progress];
  updates.push({ type: "job_finished", job_id, success: state === "completed", duration_s });
  if (state === "completed") updates.push(completion(job));
  if (state === "failed") {
    updates.push({ type: "job_error", job_id, error: job.error ?? "Job failed" });
  }
  return updates;
}

function completion({ job_id, duration_s = 0, image_path = "", ...job }: JobDescription): Update {
  return {
    type: "job_complete",
    job_id,
    image_path,
    duration_s,
    ...(job.image_paths === undefined ? {} : { image_paths: job.image_paths }),
    ...(job.animation_paths === undefined ? {} : { animation_paths: job.animation_paths }),
    ...(job.image_count === undefined ? {} : { image_count: job.image_count }),
    ...(job.seed === undefined ? {} : { seed: job.seed }),
    ...(job.pixel === undefined ? {} : { pixel: job.pixel }),
    ...(job.image_url === undefined ? {} : { image_url: job.image_url }),
  };
}

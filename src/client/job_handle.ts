/** One job as its client sees it. */

import { JobError } from "../errors.ts";
import type { JobAccepted, JobInfo, Update } from "../protocol/mod.ts";

/** What a finished job left behind. */
export interface JobResult {
  /** Absolute path of the first picture, on the worker's machine. */
  imagePath: string;
  /** Every picture. */
  imagePaths: string[];
  /** Seed that was used, if the worker tells. */
  seed: number | undefined;
  /** Run time in seconds. */
  durationS: number;
}

/** A job under way. */
export interface JobHandle {
  /** Its name. */
  readonly id: string;
  /** Resolves when the worker has stored it. @throws {JobError} if it was refused. */
  readonly accepted: Promise<JobAccepted>;
  /** Resolves with the pictures. @throws {JobError} if it was refused, failed or was cancelled. */
  readonly result: Promise<JobResult>;
  /** What happens to it, from its beginning, ending with it. May be iterated several times. */
  updates(): AsyncIterable<Update>;
  /** Asks that it be given up. @throws {JobError} `not_found` if it has ended. */
  cancel(): Promise<void>;
}

/** What a handle needs of its client. */
export interface JobCalls {
  /** Silence after which the state is asked for, in milliseconds. */
  silenceMs: number;
  /** Sends the job. */
  submit(): Promise<JobAccepted>;
  /** Asks for the job's state. */
  ask(): Promise<JobInfo>;
  /** Asks that the job be given up. */
  cancel(): Promise<void>;
}

/**
 * A job may have ended before its submission was repeated, or before the subscription was in place:
 * the first silence is taken less patiently, in milliseconds.
 */
const FIRST_SILENCE_MS = 250;

/** The handle, fed by its client. */
export class TrackedJob implements JobHandle {
  readonly id: string;
  readonly accepted: Promise<JobAccepted>;
  readonly result: Promise<JobResult>;
  /** Resolves, never rejects, when the job has ended either way. */
  readonly settled: Promise<void>;
  readonly #calls: JobCalls;
  readonly #result = Promise.withResolvers<JobResult>();
  readonly #seen: Update[] = [];
  #news = Promise.withResolvers<void>();
  #ended = false;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, calls: JobCalls) {
    this.id = id;
    this.#calls = calls;
    this.result = this.#result.promise;
    // Whoever looks at `result` sees the failure; nobody has to.
    this.settled = this.result.then(() => {}, () => {});
    this.accepted = calls.submit();
    this.accepted.then(() => this.#listen(FIRST_SILENCE_MS), (error) => this.fail(error));
  }

  /** Takes an update of this job. */
  take(update: Update): void {
    if (this.#ended) return;
    this.#seen.push(update);
    this.#ring();
    if (update.type === "job_complete") {
      this.#succeed({
        imagePath: update.image_path,
        imagePaths: update.image_paths ?? [update.image_path],
        seed: update.seed,
        durationS: update.duration_s,
      });
    } else if (update.type === "job_error") this.fail(new JobError("backend", update.error));
    // A cancelled job has no other last word; whether it was one must be asked.
    else if (update.type === "job_finished" && !update.success) this.#ask();
    else this.#listen();
  }

  /** Ends the handle with an error. */
  fail(error: unknown): void {
    if (this.#end()) this.#result.reject(error);
  }

  async *updates(): AsyncGenerator<Update> {
    for (let next = 0;; next += 1) {
      while (this.#seen[next] === undefined) {
        if (this.#ended) return;
        await this.#news.promise;
      }
      const update = this.#seen[next];
      if (update !== undefined) yield update;
    }
  }

  cancel(): Promise<void> {
    return this.#calls.cancel();
  }

  /** Updates can be lost, endings too: after a silence the worker is asked. */
  #listen(limitMs = Infinity): void {
    clearTimeout(this.#silence);
    if (this.#ended) return;
    this.#silence = setTimeout(() => this.#ask(), Math.min(this.#calls.silenceMs, limitMs));
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#silence);
    try {
      const info = await this.#calls.ask();
      if (info.state === "completed") this.#succeed(pictures(info));
      else if (info.state === "failed") {
        this.fail(new JobError("backend", info.error ?? "Job failed"));
      } else if (info.state === "cancelled") this.fail(new JobError("cancelled", "Job cancelled"));
      else this.#listen();
    } catch {
      // A worker that is away, or too old to be asked: its updates still count.
      this.#listen();
    }
  }

  #succeed(result: JobResult): void {
    if (this.#end()) this.#result.resolve(result);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#silence);
    this.#ring();
    return true;
  }

  #ring(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}

function pictures(info: JobInfo): JobResult {
  const imagePath = info.image_path ?? "";
  return {
    imagePath,
    imagePaths: info.image_paths ?? [imagePath],
    seed: info.seed,
    durationS: info.duration_s ?? 0,
  };
}

/** One job as its client sees it. */

import { JobError } from "../../errors.ts";
import type {
  JobAccepted,
  JobComplete,
  JobDescription,
  PixelResult,
  Update,
} from "../../protocol/mod.ts";
import type { ImageFile } from "./image_file.ts";
import type { ToldImages } from "./images.ts";
import { JobStory } from "./story.ts";

/** What a finished job left behind. */
export interface JobResult {
  /** Absolute path of the first image, on the worker's machine. */
  imagePath: string;
  /** Every image. */
  imagePaths: string[];
  /** Animations as files that play: of each a GIF, then an animated PNG. */
  animationPaths: readonly string[];
  /** Where the first image is stored for all workers, if it is: the others are beside it. */
  imageUrl?: string | undefined;
  /** Seed that was used, if the worker tells. */
  seed: number | undefined;
  /** Run time in seconds. */
  durationS: number;
  /** What was found in images that were made pixel art; its numbers are places in `imagePaths`. */
  pixel: readonly PixelResult[] | undefined;
}

/**
 * A job under way. It goes on through lost updates, a worker that restarts and a machine that slept:
 * whatever is missed is asked for.
 *
 * @example Follow a job
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
 * const { estimated_time_s } = await job.accepted;
 * console.log(`Done in about ${estimated_time_s} s`);
 * for await (const update of job.updates()) {
 *   if (update.type === "progress") console.log(`${update.stage} ${update.percent} %`);
 * }
 * console.log((await job.result).imagePath);
 * ```
 */
export interface JobHandle {
  /** Its name. */
  readonly id: string;
  /**
   * Resolves when the worker has stored the job, which from then on reaches exactly one ending. Need not
   * be waited for: `result` fails in the same way.
   *
   * @throws {JobError} with the worker's sentence if it was refused: `invalid_parameter`,
   *   `model_not_found`, `queue_full`, `id_conflict` or `unavailable`.
   * @throws {TransportError} `timeout` if the worker did not answer.
   */
  readonly accepted: Promise<JobAccepted>;
  /**
   * Resolves with the images.
   *
   * @throws {JobError} `backend` with its cause if it failed, `cancelled` if somebody cancelled it,
   *   `lost` if nobody can tell any more.
   * @throws {TransportError} `timeout` if the worker was silent for too long, `closed` if the client was
   *   closed; the job goes on.
   * @throws as `accepted` if it was refused.
   */
  readonly result: Promise<JobResult>;
  /**
   * What happens to it, from its beginning, ending with it. May be iterated several times. Updates that
   * were lost are made up from its state as far as it tells; those have no `seq`. How the job ended, or
   * why following it did, `result` tells.
   */
  updates(): AsyncIterable<Update>;
  /**
   * The bytes of its images, one after the other, from whichever machine the worker runs on.
   *
   * @throws as `result` if it did not complete.
   * @throws {JobError} `not_found` if a file is gone.
   */
  images(): AsyncIterable<ImageFile>;
  /**
   * Asks that it be given up, once it was accepted. Resolves when the worker has taken the wish; the
   * job's end still comes by `result`.
   *
   * @throws {JobError} `not_found` if it has ended.
   */
  cancel(): Promise<void>;
}

/** What a handle needs of its client. */
export interface JobCalls {
  /** Sends the job. */
  submit(): Promise<JobAccepted>;
  /** Asks that the job be given up. */
  cancel(): Promise<void>;
  /** Fetches an image. */
  image(index: number): Promise<ImageFile>;
  /** Asks for the images that a message had no room for. */
  images(told: ToldImages): Promise<string[]>;
}

/** The handle, fed by its client. */
export class TrackedJob implements JobHandle {
  readonly id: string;
  readonly accepted: Promise<JobAccepted>;
  readonly result: Promise<JobResult>;
  /** Resolves, never rejects, when the job has ended either way. */
  readonly settled: Promise<void>;
  /** When its state is to be asked for, by `performance.now()`; undefined if nothing is in doubt. */
  doubtFromMs: number | undefined;
  /** Answers in a row of a worker that cannot be asked for a job and that had none at all. */
  idleAnswers = 0;
  readonly #calls: JobCalls;
  readonly #result = Promise.withResolvers<JobResult>();
  readonly #story = new JobStory();
  readonly #seen: Update[] = [];
  #change = Promise.withResolvers<void>();
  #isAccepted = false;
  #isCancelled = false;
  #ended = false;

  /** Submits the job. */
  constructor(id: string, calls: JobCalls) {
    this.id = id;
    this.#calls = calls;
    this.result = this.#result.promise;
    // Whoever looks at `result` sees the failure; nobody has to.
    this.settled = this.result.then(() => {}, () => {});
    this.accepted = calls.submit();
    this.accepted.then(() => this.#isAccepted = true, (error) => this.fail(error));
  }

  /** True once the worker has stored it. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** True once nothing more can happen to the handle. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** True once it was heard to have stopped. */
  get isFinished(): boolean {
    return this.#story.isFinished;
  }

  /** True once the worker has promised to give it up. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Takes an update of this job. */
  take(update: Update): void {
    this.idleAnswers = 0;
    this.#tell(this.#story.take(update));
  }

  /** Takes its state as the worker told it in a life. */
  learn(job: JobDescription, epoch: number): void {
    this.#tell(this.#story.learn(job, epoch));
    if (job.state === "cancelled") this.fail(cancelled());
  }

  /** Ends the handle with an error. */
  fail(error: unknown): void {
    if (this.#end()) this.#result.reject(error);
  }

  async *updates(): AsyncGenerator<Update> {
    for (let next = 0;; next += 1) {
      while (this.#seen[next] === undefined) {
        if (this.#ended) return;
        await this.#change.promise;
      }
      const update = this.#seen[next];
      if (update !== undefined) yield update;
    }
  }

  async *images(): AsyncGenerator<ImageFile> {
    const { imagePaths } = await this.result;
    for (const index of imagePaths.keys()) yield await this.#calls.image(index);
  }

  async cancel(): Promise<void> {
    // A cancel that overtook the submission would find nothing to cancel.
    await this.accepted;
    await this.#calls.cancel();
    this.#isCancelled = true;
  }

  #tell(updates: readonly Update[]): void {
    if (this.#ended || updates.length === 0) return;
    this.#seen.push(...updates);
    const last = updates.at(-1);
    if (last?.type === "job_complete") this.#succeed(last);
    else if (last?.type === "job_error") this.fail(new JobError("backend", last.error));
    this.#ring();
  }

  #succeed(update: JobComplete): void {
    const { image_path, image_paths, image_count, image_url, animation_paths = [] } = update;
    const { seed, duration_s, pixel } = update;
    if (!this.#end()) return;
    const paths = image_paths ?? [image_path];
    const done = (imagePaths: string[]) =>
      this.#result.resolve({
        imagePath: image_path,
        imagePaths,
        animationPaths: animation_paths,
        imageUrl: image_url,
        seed,
        durationS: duration_s,
        pixel,
      });
    if (image_count === undefined || image_count <= paths.length) return done([...paths]);
    this.#calls.images({ paths, count: image_count }).then(done, (error) => {
      this.#result.reject(error);
    });
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#ring();
    return true;
  }

  #ring(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}

/** What a cancelled job ends with. */
export function cancelled(): JobError {
  return new JobError("cancelled", "Job cancelled");
}

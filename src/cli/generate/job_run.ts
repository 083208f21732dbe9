/** Follows jobs to their endings, and gives them up when the user wants to. */

import type { Client } from "../../client/mod.ts";
import { JobError, type JobErrorCode, TransportError } from "../../errors.ts";
import type { GenerateRequest, JobAccepted, PixelResult, Update } from "../../protocol/mod.ts";
import { isSilence } from "../connection.ts";
import type { Io } from "../io.ts";
import { pause } from "../pause.ts";

/** How a job ended. */
export type Outcome =
  | {
    readonly state: "completed";
    readonly image_path: string;
    readonly image_paths: readonly string[];
    readonly animation_paths?: readonly string[] | undefined;
    readonly seed: number | undefined;
    readonly duration_s: number;
    readonly pixel?: readonly PixelResult[] | undefined;
  }
  | { readonly state: "failed"; readonly error: string }
  | { readonly state: "refused"; readonly error: string; readonly code: JobErrorCode }
  | { readonly state: "cancelled" };

/** What happens to a job on its way. */
export type JobUpdate = JobAccepted | Update;

/** Tells of the user's wish to stop. */
export interface StopWish extends Disposable {
  /** Set at the first signal: nothing more is started, what runs is given up. */
  readonly first: AbortSignal;
  /** Rejects at the second signal: nothing is waited for. */
  readonly second: Promise<never>;
}

/** Silences in a row after which the worker counts as gone; a restart is over sooner. */
const MAX_SILENCES = 3;

/** Listens for the user's wish to stop. */
export function listenForStop(io: Io): StopWish {
  const first = new AbortController();
  const second = Promise.withResolvers<never>();
  // Nobody may be waiting for it.
  second.promise.catch(() => {});
  const listening = io.onStopSignal(() => {
    if (first.signal.aborted) second.reject(new DOMException("Stopped twice", "AbortError"));
    else first.abort();
  });
  return {
    first: first.signal,
    second: second.promise,
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}

/**
 * Submits a job and follows it to its ending.
 *
 * @throws {TransportError} `timeout` if the worker does not answer.
 */
export async function followJob(
  client: Client,
  request: GenerateRequest,
  options: { stop: AbortSignal; onUpdate(updates: JobUpdate): void },
): Promise<Outcome> {
  const { stop, onUpdate } = options;
  const job = client.generate(request);
  // It is looked at below, but an error may come before that.
  job.result.catch(() => {});
  try {
    onUpdate(await job.accepted);
  } catch (error) {
    if (error instanceof JobError) {
      return { state: "refused", error: error.message, code: error.code };
    }
    throw error;
  }
  // Not before it was accepted: a cancel could overtake it, and find nothing to cancel.
  const cancel = () => void job.cancel().catch(() => {});
  if (stop.aborted) cancel();
  stop.addEventListener("abort", cancel);
  try {
    for await (const update of job.updates()) onUpdate(update);
    const { imagePath, imagePaths, animationPaths, seed, durationS, pixel } = await job.result;
    const paths = {
      image_path: imagePath,
      image_paths: imagePaths,
      animation_paths: animationPaths.length === 0 ? undefined : animationPaths,
    };
    return { state: "completed", ...paths, seed, duration_s: durationS, pixel };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return error.code === "cancelled"
      ? { state: "cancelled" }
      : { state: "failed", error: error.message };
  } finally {
    stop.removeEventListener("abort", cancel);
  }
}

/**
 * Resolves with what work resolves with, unless the worker goes away for good meanwhile: a job's
 * silence alone says nothing, since it may wait for hours.
 *
 * @throws {TransportError} `timeout` if the worker no longer answers.
 */
export async function whileWorkerAnswers<T>(
  client: Client,
  intervalMs: number,
  work: Promise<T>,
): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, askUntilSilent(client, intervalMs, over.signal)]);
  } finally {
    over.abort();
  }
}

async function askUntilSilent(
  client: Client,
  intervalMs: number,
  signal: AbortSignal,
): Promise<never> {
  let silences = 0;
  while (silences < MAX_SILENCES) {
    await pause(intervalMs, signal);
    // After the end of the work there is nothing to find out, and nobody to tell.
    if (signal.aborted) return await new Promise<never>(() => {});
    try {
      await client.ping({ signal });
      silences = 0;
    } catch (error) {
      if (isSilence(error)) silences += 1;
    }
  }
  throw new TransportError(
    "timeout",
    "The worker no longer answers; it finishes the jobs it accepted when it is back",
  );
}

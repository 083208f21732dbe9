/** What became of an entry of a file in earlier runs, and under which id it is to be tried now. */

import type { Client } from "../../client/mod.ts";
import { JobError } from "../../errors.ts";
import type { GenerateRequest, JobInfo } from "../../protocol/mod.ts";
import { toldPrompt } from "../../protocol/told.ts";
import type { Outcome } from "./job_run.ts";

/** What to do with what has ended before. */
export interface EarlierOptions {
  /** Whether to try jobs again that failed. */
  retryFailed: boolean;
  /** Whether to generate anew what is done. */
  force: boolean;
  /** True if the worker's files are files of this machine. */
  isLocal: boolean;
}

/** A request to submit, or how it ended before. */
export type Earlier =
  | { readonly request: GenerateRequest; readonly outcome?: undefined }
  | { readonly request: GenerateRequest; readonly outcome: Outcome };

/**
 * Looks a request up. What was cancelled, lost its images, failed and shall be tried again, or belongs to
 * other words under the same id, is submitted anew under the next id: `knight.2`, `knight.3`. Of several
 * that are done the last one counts.
 */
export async function findEarlier(
  client: Pick<Client, "job">,
  request: GenerateRequest,
  options: EarlierOptions,
): Promise<Earlier> {
  let lost: JobInfo | undefined;
  let ended: Earlier | undefined;
  for (let attempt = 1;; attempt += 1) {
    const id = attempt === 1 ? request.id : `${request.id}.${attempt}`;
    const info = await askFor(client, id);
    if (info !== undefined && isOther(info, request)) continue;
    if (info === undefined && ended !== undefined) return ended;
    const outcome = outcomeOf(info);
    if (outcome === undefined) return { request: { ...request, ...seedOf(lost, request), id } };
    if (outcome.state === "cancelled" || options.force) continue;
    // It may have been tried or made again since, under the next id.
    const found = { request: { ...request, id }, outcome };
    if (outcome.state === "failed") {
      if (!options.retryFailed && ended?.outcome?.state !== "completed") ended = found;
      continue;
    }
    const isLost = outcome.state === "completed" && await areMissing(outcome.image_paths, options);
    if (isLost) lost = info;
    ended = isLost ? undefined : found;
  }
}

/** The seed of an image that is lost, so that the same comes again, not another of the same words. */
function seedOf(lost: JobInfo | undefined, { seed }: GenerateRequest): { seed?: number } {
  return seed !== undefined || lost?.seed === undefined ? {} : { seed: lost.seed };
}

/** True for a job that surely shows something else, as when the words of an entry were changed. */
function isOther(info: JobInfo, request: GenerateRequest): boolean {
  const { prompt, model, size, steps, seed } = info;
  const differs = <T>(told: T | undefined, asked: T | undefined) =>
    told !== undefined && asked !== undefined && String(told) !== String(asked);
  return differs(prompt, toldPrompt(request.prompt)) || differs(model, request.model) ||
    differs(size, request.size) || differs(steps, request.steps) || differs(seed, request.seed);
}

/** Whether one of the files is gone. On another machine that cannot be seen, unless its folder is here. */
async function areMissing(
  paths: readonly string[],
  { isLocal }: EarlierOptions,
): Promise<boolean> {
  for (const path of paths) {
    if (await isThere(path)) continue;
    if (isLocal || await isThere(path.slice(0, path.lastIndexOf("/") + 1) || path)) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    // What may not be looked at may be there.
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

async function askFor(client: Pick<Client, "job">, id: string): Promise<JobInfo | undefined> {
  try {
    return await client.job(id);
  } catch (error) {
    if (error instanceof JobError && error.code === "not_found") return undefined;
    throw error;
  }
}

function outcomeOf(info: JobInfo | undefined): Outcome | undefined {
  switch (info?.state) {
    case "completed": {
      const { image_path = "", image_paths = [image_path], animation_paths } = info;
      const { seed, duration_s = 0, pixel } = info;
      return {
        state: "completed",
        image_path,
        image_paths,
        animation_paths,
        seed,
        duration_s,
        pixel,
      };
    }
    case "failed":
      return { state: "failed", error: info.error ?? "Job failed" };
    case "cancelled":
      return { state: "cancelled" };
    default:
      return undefined;
  }
}

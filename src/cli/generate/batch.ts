/** `generate --from`: all the images that a file asks for, each once however often it is run. */

import type { Client } from "../../client/mod.ts";
import { ConfigError, JobError } from "../../errors.ts";
import type { GenerateRequest, JobInfo } from "../../protocol/mod.ts";
import { type BatchEntry, readBatchFile } from "./batch_file.ts";
import { openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import {
  chooseImages,
  createReport,
  type GenerateOptions,
  noteAbsence,
  untilStopped,
  variant,
  withModel,
} from "./command.ts";
import { buildRequest, type GenerateValues } from "./fields.ts";
import type { Report } from "./report.ts";
import type { Io } from "../io.ts";
import {
  followJob,
  listenForStop,
  type Outcome,
  type StopWish,
  whileWorkerAnswers,
} from "./job_run.ts";
import { Tally } from "./tally.ts";
import { printable } from "../text.ts";

/** Options of the command with a file. */
export interface BatchOptions extends Omit<GenerateOptions, "id"> {
  /** Path of the file. */
  from: string;
  /** Jobs that are submitted and not yet done, at most. */
  parallel: number;
  /** Whether to try jobs again that failed in an earlier run. */
  retryFailed?: boolean;
}

/** A job to be done. */
interface Plan {
  readonly number: number;
  readonly place: string;
  readonly request: GenerateRequest;
  /** Whether the user chose the id: then no other can take its place. */
  readonly isNamed: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runBatch(options: BatchOptions, io: Io): Promise<number> {
  const images = await chooseImages(options, io);
  const entries = await readBatchFile(options.from);
  await using client = await openClient(options, io);
  using stop = listenForStop(io);
  const tally = new Tally();
  using report = createReport({ images, json: options.json === true, stages: false }, io);
  const work = generateAll(entries, options, { client, stop, report, tally });
  const intervalMs = options.timeout * 1_000;
  await untilStopped(stop, whileWorkerAnswers(client, intervalMs, work));
  report[Symbol.dispose]();
  if (options.json) io.out(`${JSON.stringify({ type: "summary", ...tally.counts() })}\n`);
  else io.err(`${tally.summary()}\n`);
  if (stop.first.aborted) return EXIT.interrupted;
  return tally.isClean() ? EXIT.ok : EXIT.failed;
}

interface Context {
  readonly client: Client;
  readonly stop: StopWish;
  readonly report: Report;
  readonly tally: Tally;
}

async function generateAll(
  entries: readonly BatchEntry[],
  options: BatchOptions,
  context: Context,
): Promise<void> {
  const plans = await planAll(entries, options, context);
  context.tally.expect(plans.length);
  // All take from one iterator, so that each plan is taken once.
  const left = plans.values();
  const takers = Array.from({ length: options.parallel }, () => takeFrom(left, options, context));
  if (plans.length > 0) takers.push(noteAbsence(context));
  await Promise.all(takers);
}

async function takeFrom(
  left: Iterable<Plan>,
  options: BatchOptions,
  context: Context,
): Promise<void> {
  for (const plan of left) {
    if (context.stop.first.aborted) return;
    await generateOne(plan, options, context);
  }
}

async function generateOne(
  { number, place, request, isNamed }: Plan,
  { retryFailed = false }: BatchOptions,
  { client, stop, report, tally }: Context,
): Promise<void> {
  const found = await findJob(client, request.id, { isNamed, retryFailed });
  const job = { id: found.id, number, label: labelOf(place), place };
  const outcome = found.outcome ?? await followJob(client, { ...request, id: found.id }, {
    stop: stop.first,
    onUpdate: (update) => report.update(job, update),
  });
  tally.add(outcome, found.outcome !== undefined);
  await report.ended(job, outcome);
  report.tally(tally.progress());
}

/** The folder is the same for all, and there is little room for it. */
function labelOf(place: string): string {
  return `${printable(place.slice(place.lastIndexOf("/") + 1))}: `;
}

/**
 * The id to submit a plan with, or how its job ended in an earlier run. One that was cancelled, or
 * failed and shall be tried again, is submitted anew, which takes a new id: `…-2`, `…-3`.
 */
async function findJob(
  client: Client,
  baseId: string,
  { isNamed, retryFailed }: { isNamed: boolean; retryFailed: boolean },
): Promise<{ id: string; outcome?: Outcome }> {
  for (let attempt = 1;; attempt += 1) {
    const id = attempt === 1 ? baseId : `${baseId}-${attempt}`;
    const outcome = outcomeOf(await askFor(client, id));
    if (outcome === undefined) return { id };
    const isTriedAgain = outcome.state === "cancelled" ||
      (outcome.state === "failed" && retryFailed);
    if (isNamed || !isTriedAgain) return { id, outcome };
  }
}

async function askFor(client: Client, id: string): Promise<JobInfo | undefined> {
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
      const { image_path = "", image_paths = [image_path], seed, duration_s = 0 } = info;
      return { state: "completed", image_path, image_paths, seed, duration_s };
    }
    case "failed":
      return { state: "failed", error: info.error ?? "Job failed" };
    case "cancelled":
      return { state: "cancelled" };
    default:
      return undefined;
  }
}

async function planAll(
  entries: readonly BatchEntry[],
  options: BatchOptions,
  { client, report, tally }: Context,
): Promise<Plan[]> {
  const isModelMissing = entries.some((entry) => {
    return "values" in entry && entry.values["model"] === undefined;
  });
  const common = isModelMissing ? await withModel(options.values, client) : options.values;
  const plans = new Map<string, Plan>();
  for (const entry of entries) {
    const made = await planEntry(entry, common, options.count);
    if (typeof made === "string") {
      tally.addInvalid();
      report.invalid(entry.place, made);
      continue;
    }
    for (const plan of made) {
      const earlier = plans.get(plan.request.id);
      if (earlier === undefined) plans.set(plan.request.id, { ...plan, number: plans.size + 1 });
      else report.note(`${plan.place} asks for the same as ${earlier.place}, and is left out`);
    }
  }
  return [...plans.values()];
}

/** The plans of an entry, or what is wrong with it. */
async function planEntry(
  entry: BatchEntry,
  common: GenerateValues,
  count: number,
): Promise<Plan[] | string> {
  if ("error" in entry) return entry.error;
  const { place, values, id } = entry;
  try {
    return await Promise.all(Array.from({ length: count }, async (_, index) => {
      const wanted = variant({ ...common, ...values }, index);
      const name = id === undefined ? undefined : count === 1 ? id : `${id}-${index + 1}`;
      const request = buildRequest(wanted, name ?? "id");
      const own = name ?? await contentId(request, index);
      return { number: 0, place, request: { ...request, id: own }, isNamed: name !== undefined };
    }));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/**
 * The id that a request's own content gives it: the same for the same content, whatever the order of
 * its fields. 128 bits of SHA-256.
 *
 * @param index Tells several of the same content apart, from 0.
 */
export async function contentId(request: GenerateRequest, index: number): Promise<string> {
  const { id: _id, type: _type, ...content } = request;
  const text = canonicalJson(index === 0 ? content : { ...content, index });
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).slice(0, 16).toHex();
}

/** JSON with the keys of every map in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
    return isMap
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1))
      : item;
  });
}

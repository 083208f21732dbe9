/** `generate --from`: all the images that a file asks for, each once however often it is run. */

import type { Client } from "../../client/mod.ts";
import { type BatchEntry, chooseEntries, readBatchFile } from "./batch_file.ts";
import { type Plan, planAll } from "./batch_plan.ts";
import { isLocalWorker, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import {
  chooseImages,
  createReport,
  type GenerateOptions,
  noteAbsence,
  untilStopped,
  withModel,
} from "./command.ts";
import { findEarlier } from "./earlier.ts";
import type { GenerateValues } from "./field.ts";
import type { Report } from "./report.ts";
import type { Io } from "../io.ts";
import { followJob, listenForStop, type StopWish, whileWorkerAnswers } from "./job_run.ts";
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
  /** Whether to generate anew what is done. */
  force?: boolean;
  /** Lines, or entries of a list, to look at alone. */
  only?: readonly number[];
}

/** Runs the command; resolves with its exit code. */
export async function runBatch(options: BatchOptions, io: Io): Promise<number> {
  const images = await chooseImages(options, io);
  const entries = chooseEntries(await readBatchFile(options.from), options.only);
  const isLocal = await isLocalWorker(options, io);
  await using client = await openClient(options, io);
  using stop = listenForStop(io);
  const tally = new Tally();
  using report = createReport({ images, json: options.json === true, stages: false }, io);
  const work = generateAll(entries, options, { client, stop, report, tally, isLocal });
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
  readonly isLocal: boolean;
}

async function generateAll(
  entries: readonly BatchEntry[],
  options: BatchOptions,
  context: Context,
): Promise<void> {
  const values = await commonValues(entries, options.values, context.client);
  const plans = await planAll(entries, { values, count: options.count }, context);
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
  { number, place, request: planned }: Plan,
  { retryFailed = false, force = false }: BatchOptions,
  { client, stop, report, tally, isLocal }: Context,
): Promise<void> {
  const found = await findEarlier(client, planned, { retryFailed, force, isLocal });
  const { request } = found;
  const job = { id: request.id, number, label: labelOf(place), place };
  const outcome = found.outcome ?? await followJob(client, request, {
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

/** What holds for all entries; a model is looked for only if one of them names none. */
async function commonValues(
  entries: readonly BatchEntry[],
  values: GenerateValues,
  client: Client,
): Promise<GenerateValues> {
  const isModelMissing = entries.some((entry) => {
    return "values" in entry && entry.values["model"] === undefined;
  });
  return isModelMissing ? await withModel(values, client) : values;
}

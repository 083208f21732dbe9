/**
 * Kills the worker again and again while a client submits jobs, and tells what became of them.
 *
 * Everything is what users run: the worker is a process with the permissions of its task, and the
 * client speaks ZeroMQ. Only ComfyUI is the simulator, which counts what it is made to do.
 */

import { type Client, connect } from "../../src/client/mod.ts";
import type { Update } from "../../src/protocol/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { createLedger, type ExecutionLedger } from "./executions.ts";
import { lookAtFiles, type OutputFiles } from "./files.ts";
import { type Load, startLoad, type SubmittedJob } from "./load.ts";
import { readUpdates, type UpdateReader } from "./updates.ts";
import { type Chance, createChance } from "./random.ts";
import { WorkerLives } from "./worker_lives.ts";

/** Options of {@linkcode runCrashes}. */
export interface CrashOptions {
  /** Times that the worker is killed. */
  kills: number;
  /** Decides about everything that is left to chance. */
  seed: number;
}

/** A job after everything, as its submitter and the worker tell it. */
export interface JudgedJob extends SubmittedJob {
  /** What the worker says at the end. */
  readonly state: string;
  /** Its images. */
  readonly imagePaths: readonly string[];
}

/** What happened. */
export interface CrashReport {
  /** Every job. */
  readonly jobs: readonly JudgedJob[];
  /** What the simulator was made to do. */
  readonly ledger: ExecutionLedger;
  /** What is wrong with the updates, a sentence each. */
  readonly updateFaults: readonly string[];
  /** Updates that were heard. */
  readonly updates: number;
  /** What lies in the output directory. */
  readonly files: OutputFiles;
}

/** Jobs that are under way at any time. */
const OUTSTANDING = 5;
/** Longest time between the start of a worker and its death, in milliseconds. */
const LONGEST_LIFE_MS = 3_000;
/** Longest wait for the jobs that are left when the killing is over, in milliseconds. */
const PATIENCE_MS = 90_000;

/** Runs it. */
export async function runCrashes({ kills, seed }: CrashOptions): Promise<CrashReport> {
  const chance = createChance(seed);
  await using dir = await tempDir();
  await using simulator = await startSimulator({
    stepTimeMs: 8,
    loadTimeMs: 20,
    nodeTimeMs: 1,
    previewMethod: "latent2rgb",
  });
  await using worker = new WorkerLives({ dir: dir.path, comfyuiUrl: simulator.url });
  await using client = await connect({
    ...worker.addresses,
    timeoutMs: 500,
    maxRetries: 1_000_000,
    silenceMs: 1_000,
  });
  await using updates = await readUpdates(worker.addresses.pubAddress);
  const ledger = createLedger(simulator);
  const mark = () => simulator.record.total;
  worker.start();
  const load = startLoad({ client, chance, outstanding: OUTSTANDING, mark });
  for (let kill = 1; kill <= kills; kill += 1) {
    await liveOnce({ chance, simulator, worker, updates });
    ledger.read();
    await worker.kill();
    updates.nextLife();
    worker.start();
  }
  await worker.ready();
  await Promise.race([load.finish(PATIENCE_MS), failIfEnded(worker)]);
  ledger.read();
  return {
    jobs: await askForAll(client, load),
    ledger,
    updateFaults: updates.faults(),
    updates: updates.count,
    files: await lookAtFiles(worker.outputDir),
  };
}

interface Scene {
  readonly chance: Chance;
  readonly simulator: Simulator;
  readonly worker: WorkerLives;
  readonly updates: UpdateReader;
}

/** Lets a worker live until something happens; on the way ComfyUI may have its own misfortunes. */
async function liveOnce(scene: Scene): Promise<void> {
  const { chance, simulator, worker } = scene;
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), LONGEST_LIFE_MS);
  try {
    if (chance.happens(0.15)) simulator.faults.loseNextAnswer("POST /prompt");
    if (chance.happens(0.1)) simulator.faults.dropSockets();
    const moments = [moment(scene, ended.signal)];
    if (chance.happens(0.15)) {
      const downMs = chance.below(400);
      const restart = moment(scene, ended.signal);
      moments.push(restart.then(() => simulator.faults.restart({ downMs })));
    }
    await Promise.race([Promise.all(moments), failIfEnded(worker)]);
  } finally {
    ended.abort();
    clearTimeout(timer);
  }
}

async function failIfEnded(worker: WorkerLives): Promise<never> {
  throw new Error(await worker.endedByItself());
}

/** Moments at which a death hurts, of the kind that is waited for. */
const MOMENTS = [
  "starting",
  "any",
  "prompt_received",
  "execution_start",
  "history_added",
  "request",
  "job_started",
  "progress",
  "job_finished",
] as const;

/** Waits for one of the moments, for the first of its kind or a later one, and a little longer at times. */
async function moment(scene: Scene, signal: AbortSignal): Promise<void> {
  const { chance, worker } = scene;
  const kind = chance.oneOf(MOMENTS);
  const times = 1 + Math.floor(chance.below(4));
  const afterMs = chance.happens(0.5) ? chance.below(30) : 0;
  if (kind === "starting") return await pause(chance.below(500), signal);
  await Promise.race([worker.ready(), pause(LONGEST_LIFE_MS, signal)]);
  for (let time = 0; time < times && !signal.aborted; time += 1) {
    await happening(scene, kind, signal);
  }
  await pause(afterMs, signal);
}

async function happening(
  { chance, simulator, updates }: Scene,
  kind: Exclude<typeof MOMENTS[number], "starting">,
  signal: AbortSignal,
): Promise<void> {
  if (kind === "any") return await pause(chance.below(400), signal);
  if (kind === "progress" || kind === "job_started" || kind === "job_finished") {
    const percent = chance.below(100);
    const late = (update: Update) => update.type !== "progress" || update.percent >= percent;
    await updates.next((update) => update.type === kind && late(update), signal);
    return;
  }
  const options = { since: simulator.record.total, signal };
  const event = kind === "request"
    ? simulator.when(kind, ({ route }) => route === "GET /view", options)
    : simulator.when(kind, undefined, options);
  await event.catch(() => {});
}

/** Waits; no longer than the signal lets it. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal.addEventListener("abort", stop);
  await promise;
  signal.removeEventListener("abort", stop);
  clearTimeout(timer);
}

async function askForAll(client: Client, { jobs }: Load): Promise<JudgedJob[]> {
  const judged: JudgedJob[] = [];
  for (const job of jobs) {
    const info = await client.job(job.id).catch(() => undefined);
    const imagePaths = info?.image_paths ?? [];
    judged.push({ ...job, state: info?.state ?? "unknown", imagePaths });
  }
  return judged;
}

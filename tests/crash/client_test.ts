import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import type { JobDescription, Update } from "../../src/protocol/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type HandledJob, submitAll } from "./client_load.ts";
import { lossyTransport, type Traffic } from "./lossy.ts";
import { createChance } from "./random.ts";
import { WorkerLives } from "./worker_lives.ts";

const JOBS = Number(Deno.env.get("DGX_PIXELS_CHAOS_JOBS") ?? 60);
const KILLS = Number(Deno.env.get("DGX_PIXELS_CHAOS_KILLS") ?? 3);
const SEED = Number(Deno.env.get("DGX_PIXELS_CHAOS_SEED") ?? Math.floor(Math.random() * 1e9));
/** Handles that are open at any time. */
const OUTSTANDING = Math.min(JOBS / 2, 100);
/** Longest wait for everything, in milliseconds. */
const PATIENCE_MS = 60_000 + 2_000 * JOBS;

Deno.test(`Each of ${JOBS} handles settles rightly though the worker is killed ${KILLS} times and updates are lost (DGX_PIXELS_CHAOS_SEED=${SEED})`, async () => {
  const chance = createChance(SEED);
  await using dir = await tempDir();
  await using simulator = await startSimulator({
    stepTimeMs: 4,
    loadTimeMs: 10,
    nodeTimeMs: 1,
    previewMethod: "still",
  });
  await using worker = new WorkerLives({ dir: dir.path, comfyuiUrl: simulator.url });
  const lossy = lossyTransport(zmqTransport(), chance);
  await using client = await connect({
    ...worker.addresses,
    transport: lossy.transport,
    timeoutMs: 1_000,
    maxRetries: 1_000,
  });
  worker.start();
  const startedMs = performance.now();
  const handling = submitAll(client, chance, { jobs: JOBS, outstanding: OUTSTANDING });
  // Where few updates are made of many steps, all may have come.
  const killing = killAgain(
    worker,
    () => Promise.race([lossy.updates(1 + Math.floor(chance.below(80))), handling]),
  );
  const handled = await within(PATIENCE_MS, Promise.race([handling, failed(killing)]));
  const tookS = (performance.now() - startedMs) / 1_000;
  await within(PATIENCE_MS, killing);
  await using judge = await connect(worker.addresses);
  const states = await askForAll(judge, handled);
  await Deno.stderr.write(
    new TextEncoder().encode(`${figures(handled, lossy.traffic, tookS)}\n`),
  );
  assert.deepEqual(handled.flatMap((job) => settlementFaults(job, states.get(job.id))), []);
  assert.deepEqual(handled.flatMap((job) => storyFaults(job)), []);
  assert.ok(lossy.traffic.lost > 0, "no update was lost");
  assert.ok(new Set(handled.map(({ settled }) => settled.type)).size >= 3, "too few kinds of ends");
});

/** Kills the worker and starts the next one, each time after something has happened. */
async function killAgain(worker: WorkerLives, happening: () => Promise<unknown>): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await Promise.race([worker.ready(), diedByItself(worker)]);
    await Promise.race([happening(), diedByItself(worker)]);
    await worker.kill();
    worker.start();
  }
  await worker.ready();
}

async function diedByItself(worker: WorkerLives): Promise<never> {
  throw new Error(await worker.endedByItself());
}

async function failed(work: Promise<void>): Promise<never> {
  await work;
  return await new Promise<never>(() => {});
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Not done within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function askForAll(
  client: Client,
  handled: readonly HandledJob[],
): Promise<Map<string, JobDescription>> {
  const states = new Map<string, JobDescription>();
  const ids = handled.map(({ id }) => id);
  for (let from = 0; from < ids.length; from += 200) {
    const { jobs } = await client.jobs({ job_ids: ids.slice(from, from + 200) });
    for (const job of jobs) states.set(job.job_id, job);
  }
  return states;
}

/** What a handle told against what the worker says. */
function settlementFaults({ id, intent, settled }: HandledJob, state?: JobDescription): string[] {
  const expected = state === undefined ? "refused" : state.state;
  if (settled.type !== expected) {
    return [`${id} (${intent}) settled as ${JSON.stringify(settled)}, the worker says ${expected}`];
  }
  if (settled.type === "refused" && intent !== "refuse") return [`${id}: ${settled.error}`];
  if (settled.type === "failed" && settled.error !== state?.error) {
    return [`${id} failed with "${settled.error}", the worker says "${state?.error}"`];
  }
  if (settled.type !== "completed" || state === undefined) return [];
  const { imagePath, imagePaths, seed, durationS } = settled.result;
  const told = [imagePath, imagePaths, seed, durationS];
  const truth = [state.image_path, state.image_paths, state.seed, state.duration_s];
  return JSON.stringify(told) === JSON.stringify(truth) ? [] : [`${id}: ${told} is not ${truth}`];
}

/** Whether the updates of a handle read as the story of one job. */
function storyFaults({ id, settled, updates }: HandledJob): string[] {
  const types = updates.map(({ type }) => type).join(" ");
  const faults: string[] = [];
  const say = (what: string) => faults.push(`${id}: ${what} (${settled.type}: ${types})`);
  const order =
    /^(job_started )?((progress|preview) )*(job_finished )?(job_complete |job_error )?$/;
  if (!order.test(types === "" ? "" : `${types} `)) say("out of order");
  const last = updates.at(-1)?.type;
  const lastOf: Record<string, Update["type"] | undefined> = {
    completed: "job_complete",
    failed: "job_error",
    cancelled: "job_finished",
    refused: undefined,
  };
  if (last !== lastOf[settled.type]) say(`ends with ${last}`);
  const shown = updates.flatMap((update) => update.type === "progress" ? [update] : []);
  shown.forEach((update, index) => {
    const before = shown[index - 1];
    if (before === undefined || before.epoch !== update.epoch) return;
    if (before.percent > update.percent) say("percent fell");
  });
  return faults;
}

function figures(handled: readonly HandledJob[], traffic: Traffic, tookS: number): string {
  const kinds = Map.groupBy(handled, ({ settled }) => settled.type);
  const ends = [...kinds].map(([type, jobs]) => `${jobs.length} ${type}`).sort().join(", ");
  const sent = [...traffic.requests].map(([type, count]) => `${count} ${type}`).sort().join(", ");
  const madeUp = handled.flatMap(({ updates }) => updates.filter(({ seq }) => seq === undefined));
  return [
    `seed ${SEED}: ${KILLS} kills of the worker, ${OUTSTANDING} handles open, ${
      tookS.toFixed(1)
    } s`,
    `handles: ${handled.length}, ${ends}`,
    `updates: ${traffic.heard} heard, ${traffic.lost} lost, ${madeUp.length} made up, ` +
    `${traffic.subscriptions} subscriptions`,
    `requests: ${sent}; jobs asked for by list_jobs: ${traffic.jobsAsked}, ` +
    `at most ${traffic.mostAsked} at once`,
  ].join("\n");
}

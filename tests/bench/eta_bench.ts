// deno-lint-ignore-file no-console -- a program whose output are its figures
/**
 * How far off `eta_s` and `estimated_time_s` are, and how often and how soon updates come, under a load
 * of varied jobs that goes through a whole worker on the simulator.
 *
 * A program, not a `Deno.bench`: what it measures are errors, not times.
 */

import { parseArgs } from "node:util";
import type { Client, JobHandle } from "../../src/client/mod.ts";
import { median } from "../../src/node_times.ts";
import { workerSetup } from "../support/worker.ts";
import { drawRound, type LoadRequest, seededRandom, unevenMachine } from "./eta_load.ts";

const MODELS = ["sd_xl_base_1.0.safetensors", "bench_b.safetensors"];
const MARKS = [0.2, 0.5, 0.8];

/** What was seen of one job, in seconds. */
interface Seen {
  /** Whether its kind had been run before. */
  readonly isKnown: boolean;
  /** Whether nothing waited or ran when it was sent, as far as the client knows. */
  readonly isAlone: boolean;
  /** Run time. */
  readonly durationS: number;
  /** From the acceptance to the end, and what was told of it. */
  readonly totalS: number;
  readonly estimatedS: number;
  /** From the request to the first update and to the first progress. */
  readonly startedS: number;
  readonly progressS: number;
  /** Updates of progress, counted from the start. */
  readonly etas: readonly { atS: number; etaS: number }[];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      rounds: { type: "string", default: "4" },
      factor: { type: "string", default: "1.5" },
    },
  });
  const [seed = 1, rounds = 4, factor = 1] = [values.seed, values.rounds, values.factor].map(
    Number,
  );
  await run(seed, rounds, factor);
}

/** The greater the factor, the longer the jobs, and the less it matters what else the machine does. */
async function run(seed: number, rounds: number, factor: number): Promise<void> {
  const random = seededRandom(seed);
  const machine = unevenMachine(seededRandom(seed + 1));
  await using setup = await workerSetup({
    simulator: {
      paceOf: (work) => factor * machine(work),
      models: { checkpoints: MODELS },
    },
    // To paint previews takes the time of this very process, up to a third of a job's.
    flags: { "log-level": "error" },
    settings: ({ output, ...rest }) => ({ ...rest, output: { ...output, previewMethod: "none" } }),
  });
  const known = new Set<string>();
  const seen: Seen[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // From the second round on every other one begins with cold caches.
    if (round > 0 && round % 2 === 0) await setup.simulator.faults.restart();
    const jobs = drawRound(MODELS, random);
    for (let next = 0; next < jobs.length;) {
      const burst = jobs.slice(next, next += 1 + Math.floor(random() * 3));
      const following = burst.map(async (request, index) => ({
        ...await follow(setup.client, request),
        isKnown: known.has(kindOf(request)),
        isAlone: index === 0,
      }));
      seen.push(...await Promise.all(following));
      for (const request of burst) known.add(kindOf(request));
    }
  }
  report(seen, `${seen.length} jobs, seed ${seed}`);
}

async function follow(
  client: Client,
  request: LoadRequest,
): Promise<Omit<Seen, "isKnown" | "isAlone">> {
  const askedMs = performance.now();
  const job = client.generate(request);
  const accepted = job.accepted.then((reply) => ({ reply, atMs: performance.now() }));
  const { etas, startedMs, progressMs, endedMs } = await watch(job);
  const { reply, atMs } = await accepted;
  return {
    durationS: (endedMs - startedMs) / 1_000,
    totalS: (endedMs - atMs) / 1_000,
    estimatedS: reply.estimated_time_s,
    startedS: (startedMs - askedMs) / 1_000,
    progressS: (progressMs - askedMs) / 1_000,
    etas: etas.map(({ atMs, etaS }) => ({ atS: (atMs - startedMs) / 1_000, etaS })),
  };
}

async function watch(job: JobHandle) {
  const etas: { atMs: number; etaS: number }[] = [];
  let startedMs = NaN;
  let endedMs = NaN;
  for await (const update of job.updates()) {
    const atMs = performance.now();
    if (update.type === "job_started") startedMs = atMs;
    else if (update.type === "progress") etas.push({ atMs, etaS: update.eta_s });
    else if (update.type === "job_finished") endedMs = atMs;
  }
  await job.result;
  return { etas, startedMs, progressMs: etas[0]?.atMs ?? NaN, endedMs };
}

/** Error of what is on the screen at that part of a job's time, as a share of the time left. */
function etaError({ durationS, etas }: Seen, mark: number): number {
  const atS = durationS * mark;
  const shown = etas.findLast((eta) => eta.atS <= atS);
  const leftS = durationS - atS;
  return Math.abs((shown?.etaS ?? 0) - leftS) / leftS;
}

function report(seen: readonly Seen[], title: string): void {
  const known = seen.filter((job) => job.isKnown);
  const first = seen.filter((job) => !job.isKnown);
  const alone = seen.filter((job) => job.isAlone);
  console.log(`${title}; run time ${spread(seen.map((job) => job.durationS), "s")}`);
  for (
    const [name, jobs] of [
      ["all", seen],
      ["with history", known],
      ["first of a kind", first],
    ] as const
  ) {
    console.log(`\n${name} (${jobs.length} jobs): error of eta_s as a share of the time left`);
    for (const mark of MARKS) {
      const errors = jobs.map((job) => 100 * etaError(job, mark));
      console.log(`  after ${100 * mark} %: ${spread(errors, "%")}`);
    }
    const errors = jobs.map((job) => 100 * Math.abs(job.estimatedS - job.totalS) / job.totalS);
    console.log(`  estimated_time_s at acceptance: ${spread(errors, "%")}`);
  }
  console.log(`\nprogress updates a second: ${spread(seen.map(rate), "")}`);
  const delays = (values: number[]) => spread(values.map((value) => 1_000 * value), "ms");
  console.log(`request to job_started, nothing ahead: ${delays(alone.map((job) => job.startedS))}`);
  console.log(`request to first progress: ${delays(alone.map((job) => job.progressS))}`);
}

function rate({ etas, durationS }: Seen): number {
  return etas.length / durationS;
}

function spread(values: readonly number[], unit: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const p90 = sorted[Math.ceil(0.9 * sorted.length) - 1] ?? NaN;
  return `median ${median(values).toFixed(1)} ${unit}, p90 ${p90.toFixed(1)} ${unit}`;
}

function kindOf({ workflow, model, size, batch_size = 1, animation_frames = 1 }: LoadRequest) {
  return [workflow, model, size[0] * size[1] * batch_size * animation_frames].join(" ");
}

/**
 * Kills workers that share a queue on PostgreSQL again and again, restarts PostgreSQL and cuts the network to it,
 * while a client of each worker submits jobs; and tells what became of them.
 *
 * Each worker is a process with the permissions of its task and has a simulator of its own, which never dies: whatever
 * runs a second time is the workers' fault.
 */

import { connect } from "../../../src/client/mod.ts";
import { startSimulator } from "../../../src/simulator/mod.ts";
import type { Cluster } from "../../support/postgres.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { createLedger, type JobExecution } from "../executions.ts";
import { type Load, startLoad, type SubmittedJob } from "../load.ts";
import { type Chance, createChance } from "../random.ts";
import { readUpdates, type UpdateReader } from "../updates.ts";
import { WorkerLives } from "../worker_lives.ts";
import { type Link, startLink } from "./link.ts";

/** Options of {@linkcode runClusterCrashes}. */
export interface ClusterCrashOptions {
  /** The database. */
  cluster: Cluster;
  /** Schema of the queue. */
  schema: string;
  /** Times that a worker is killed. */
  kills: number;
  /** Times that PostgreSQL is restarted. */
  restarts: number;
  /** Decides about everything that is left to chance. */
  seed: number;
}

/** A job, and what the database says of it. */
export interface ClusterJob extends SubmittedJob {
  /** Its state at the end. */
  readonly state: string;
  /** When its end was stored: its client may see that much later. */
  readonly storedAtMs: number;
  /** How often it was run, by the simulators. */
  readonly executions: readonly JobExecution[];
}

/** What happened. */
export interface ClusterReport {
  /** Every job. */
  readonly jobs: readonly ClusterJob[];
  /** Kills, restarts and cuts that were done; workers that gave up their start for want of the database. */
  readonly faults: Readonly<Record<"kills" | "fast" | "immediate" | "cuts" | "gaveUp", number>>;
  /** What is wrong with the updates of a worker, a sentence each. */
  readonly updateFaults: readonly string[];
  /** Endings that a worker which lived on did not tell, `worker job` each. */
  readonly untold: readonly string[];
  /** Endings that workers had to tell. */
  readonly toTell: number;
}

const WORKERS = 3;
/** Jobs that are under way for each client. */
const OUTSTANDING = 3;
/** Longest time between two kills, in milliseconds. */
const LONGEST_PAUSE_MS = 1_200;
/** Longest time that the network to the database is cut, in milliseconds. */
const LONGEST_CUT_MS = 1_500;
/** Longest wait for what is left when the killing is over, in milliseconds. */
const PATIENCE_MS = 120_000;

interface Member extends AsyncDisposable {
  readonly worker: WorkerLives;
  readonly link: Link;
  readonly load: Load;
  readonly updates: UpdateReader;
  readonly told: Set<string>;
  /** When the listener heard its present life first; before that it may miss endings. */
  heardAtMs(): number;
  /** Notes that it was killed and starts again. */
  restart(): void;
  executions(): readonly JobExecution[];
}

/** Runs it. */
export async function runClusterCrashes(options: ClusterCrashOptions): Promise<ClusterReport> {
  const { cluster, schema, kills, restarts, seed } = options;
  const chance = createChance(seed);
  await using running = new AsyncDisposableStack();
  const dir = running.use(await tempDir());
  const members: Member[] = [];
  for (let number = 0; number < WORKERS; number += 1) {
    const load = { firstSeed: number * 100_000, chance };
    members.push(running.use(await startMember(dir.path, number, cluster, schema, load)));
  }
  const faults = { kills: 0, fast: 0, immediate: 0, cuts: 0, gaveUp: 0 };
  const restartAfter = new Set(
    Array.from({ length: restarts }, (_, nth) => Math.floor((nth + 0.5) * kills / restarts)),
  );
  while (faults.kills < kills) {
    await pause(chance.below(LONGEST_PAUSE_MS));
    for (const { executions } of members) executions();
    if (restartAfter.delete(faults.kills)) {
      const mode = chance.happens(0.5) ? "fast" : "immediate";
      cluster.stop(mode);
      await pause(chance.below(500));
      cluster.start();
      faults[mode] += 1;
    }
    const member = chance.oneOf(members as [Member, ...Member[]]);
    if (chance.happens(0.3)) {
      member.link.cut();
      await pause(chance.below(LONGEST_CUT_MS));
      member.link.mend();
      faults.cuts += 1;
    }
    if (!await outlived(member.worker.kill())) faults.gaveUp += 1;
    member.restart();
    faults.kills += 1;
  }
  for (const member of members) {
    while (!await outlived(member.worker.ready())) {
      faults.gaveUp += 1;
      member.restart();
    }
  }
  await Promise.all(members.map(({ load }) => load.finish(PATIENCE_MS)));
  const stored = storedEnds(cluster, schema);
  const executions = members.flatMap((member) => member.executions());
  const jobs = members.flatMap(({ load }) =>
    load.jobs.map((job) => ({
      ...job,
      state: "lost",
      storedAtMs: 0,
      ...stored.get(job.id),
      executions: executions.filter((execution) => execution.seed === job.seed),
    }))
  );
  const { untold, toTell } = await untoldEndings(members, jobs);
  return {
    jobs,
    faults,
    untold,
    toTell,
    updateFaults: members.flatMap(({ updates }, nth) =>
      updates.faults().map((fault) => `worker ${nth}: ${fault}`)
    ),
  };
}

/** False if the worker had ended before, because the database went away in the midst of its start. */
async function outlived(step: Promise<void>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    if (String(error).includes("the queue is away")) return false;
    throw error;
  }
}

async function startMember(
  dir: string,
  number: number,
  cluster: Cluster,
  schema: string,
  load: { firstSeed: number; chance: Chance },
): Promise<Member> {
  await using starting = new AsyncDisposableStack();
  const simulator = starting.use(
    await startSimulator({ stepTimeMs: 8, loadTimeMs: 20, nodeTimeMs: 1, previewMethod: "still" }),
  );
  const ledger = createLedger(simulator);
  const url = new URL(cluster.url(schema));
  const link = starting.use(startLink(Number(url.port)));
  url.port = String(link.port);
  const worker = starting.use(
    new WorkerLives({
      dir: `${dir}/${number}`,
      comfyuiUrl: simulator.url,
      db: url.href,
      name: `worker-${number}`,
    }),
  );
  await Deno.mkdir(`${dir}/${number}`);
  worker.start();
  await worker.ready();
  const client = starting.use(
    await connect({ ...worker.addresses, timeoutMs: 500, maxRetries: 1e6, silenceMs: 1_000 }),
  );
  const updates = starting.use(await readUpdates(worker.addresses.pubAddress));
  const told = new Set<string>();
  let heardAtMs = Infinity;
  let epoch: number | undefined;
  let pastEpoch: number | undefined;
  updates.onUpdate((update) => {
    epoch = update.epoch;
    // What a killed worker has sent may still be on its way.
    if (epoch !== pastEpoch) heardAtMs = Math.min(heardAtMs, Date.now());
    if (update.type === "job_finished") told.add(update.job_id);
  });
  const running = starting.move();
  return {
    worker,
    link,
    updates,
    told,
    heardAtMs: () => heardAtMs,
    restart() {
      updates.nextLife();
      heardAtMs = Infinity;
      pastEpoch = epoch;
      worker.start();
    },
    load: startLoad({
      client,
      outstanding: OUTSTANDING,
      mark: () => performance.now(),
      ...load,
    }),
    executions() {
      ledger.read();
      return ledger.executions;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Every worker tells what ended since it lives, wherever that was. */
async function untoldEndings(members: readonly Member[], jobs: readonly ClusterJob[]) {
  const all = members.flatMap(({ heardAtMs, told }, nth) =>
    jobs.filter(({ storedAtMs }) => storedAtMs > heardAtMs()).map(({ id }) => ({
      name: `worker-${nth} ${id}`,
      isTold: () => told.has(id),
    }))
  );
  const untilMs = performance.now() + 20_000;
  while (all.some(({ isTold }) => !isTold()) && performance.now() < untilMs) await pause(100);
  return {
    toTell: all.length,
    untold: all.filter(({ isTold }) => !isTold()).map(({ name }) => name),
  };
}

/** State and time of each job's end, as the database has them. */
function storedEnds(cluster: Cluster, schema: string) {
  const rows = cluster.sql(
    `SELECT convert_from(id, 'UTF8'), state, coalesce(finished_at_ms, 0) FROM ${schema}.jobs`,
  );
  return new Map(
    rows.trim().split("\n").map((row) => {
      const [id = "", state = "", atMs] = row.split("|");
      return [id, { state, storedAtMs: Number(atMs) }] as const;
    }),
  );
}

/** What strikes at random needs time to pass. */
function pause(ms: number): Promise<void> {
  // deno-lint-ignore house/no-sleep-in-test
  return new Promise((resolve) => setTimeout(resolve, ms));
}

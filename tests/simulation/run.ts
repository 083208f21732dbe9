/** One run: a plan in a world of its own, to the first broken promise or to rest. */

import "./world/install.ts";
import { loadConfig } from "../../src/config/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { ADDRESSES, type ClientSurroundings } from "./clients/client_life.ts";
import { ClientRoom } from "./clients/client_room.ts";
import type { JobFate } from "./clients/fate.ts";
import { OpenCalls } from "./clients/open_calls.ts";
import { Sent } from "./clients/told.ts";
import { befall, type Rooms } from "./misfortunes.ts";
import { type FaultKind, type Plan, QUESTIONS } from "./plan.ts";
import { checkRest, QueueWatch, type Ran, UpdateWatch } from "./promises.ts";
import { checkStore } from "./store_promises.ts";
import { WorkerRoom } from "./worker_room.ts";
import { database, isDeath, mendDatabase } from "./world/database.ts";
import { mendDisk } from "./world/disk.ts";
import { forgetIsolates, isolates } from "./world/isolates.ts";
import { mendLinks, SimulatedTransport } from "./world/links.ts";
import { forgetWaiting } from "./world/memory.ts";
import { watchPower } from "./world/power.ts";
import { forgetTimers } from "./world/time.ts";
import { forgetHosts, hosts, mendWeb } from "./world/web.ts";
import { outside, Process, setPresentWorld, World } from "./world/world.ts";

/** How a run went. */
export interface RunResult {
  /** The broken promise, if one was. */
  readonly failure: string | undefined;
  /** Equal for equal runs. */
  readonly digest: string;
  /** Lines a person can follow. */
  readonly trace: readonly string[];
  readonly simulatedMs: number;
  readonly steps: number;
  readonly jobs: number;
  readonly lives: number;
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Virtual time within which all is at rest once misfortune has ended. */
const PATIENCE_MS = 2 * 3_600_000;

/** Shortest quiet time after all is done: what could not be stored is tried again in it. */
const REST_MS = 30_000;

/** Misfortunes that neither end a life of the worker nor touch messages between it and its clients. */
const LOSSLESS = new Set<FaultKind>([
  "isolate crashes",
  "isolate freezes",
  "server dies",
  "server unreachable",
  "sockets cut",
  "out of memory",
  "executor dead",
  "web lossy",
  "client dies",
  "client leaves",
  "disk full",
  "disk slow",
  "clock jumps",
]);

/** All that has a module of its own, which is loaded when it is first needed. */
const FIRST: Plan = {
  ...{ seed: 0, servers: 1, hasPreviews: false, hasStore: true, clients: 1, faults: [], idleMs: 0 },
  jobs: [{ id: "job-0", client: 0, atMs: 0, steps: 1, seed: 1_000_000, isFetched: true }],
  calls: QUESTIONS.map((what) => ({ client: 0, atMs: 60_000, what, job: "job-0" })),
};

let ready: Promise<unknown> | undefined;

/** Runs a plan. */
export async function runPlan(plan: Plan, { keepTrace = false } = {}): Promise<RunResult> {
  // Modules that are loaded when first needed take real time, which no seed repeats.
  await (ready ??= outside(() => runAlone(FIRST, false)));
  return await outside(() => runAlone(plan, keepTrace));
}

async function runAlone(plan: Plan, keepTrace: boolean): Promise<RunResult> {
  const { seed, hasSharedMemory = false } = plan;
  const world = new World({ seed, keepTrace, hasSharedMemory });
  const dir = scratch();
  setPresentWorld(world);
  mendAll();
  const uncaught = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    if (isDeath(event.reason)) return;
    world.fail(`A promise failed with nobody to see it: ${String(event.reason?.stack)}`);
  };
  addEventListener("unhandledrejection", uncaught);
  try {
    return await new Run(world, plan, dir).go();
  } finally {
    removeEventListener("unhandledrejection", uncaught);
    mendAll();
    setPresentWorld(undefined);
    await Deno.remove(dir, { recursive: true });
  }
}

function mendAll(): void {
  mendDatabase();
  mendDisk();
  mendLinks();
  mendWeb();
  forgetHosts();
  forgetIsolates();
  forgetTimers();
  forgetWaiting();
}

/** Files of tests that run side by side share a process, so its number is not enough. */
const ISOLATE = crypto.randomUUID();

/** The same name in each run of an isolate, so that no trace differs by it. */
function scratch(): string {
  const root = canUse("/dev/shm") ? "/dev/shm" : Deno.env.get("TMPDIR") ?? "/tmp";
  const dir = `${root}/dgx-pixels-simulation-${ISOLATE}`;
  Deno.mkdirSync(dir, { recursive: true });
  return dir;
}

function canUse(dir: string): boolean {
  try {
    return Deno.statSync(dir).isDirectory;
  } catch {
    return false;
  }
}

class Run {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #dir: string;
  readonly #keeper = new Process("keeper");
  readonly #fates: readonly JobFate[];
  readonly #calls: OpenCalls;
  readonly #sent: Sent;
  /** When the last misfortune is over, in virtual milliseconds. */
  readonly #calmFromMs: number;

  constructor(world: World, plan: Plan, dir: string) {
    this.#world = world;
    this.#plan = plan;
    this.#dir = dir;
    this.#calls = new OpenCalls(world);
    this.#sent = new Sent(world);
    this.#calmFromMs = Math.max(0, ...plan.faults.map(({ atMs, forMs }) => atMs + forMs));
    this.#fates = plan.jobs.map((job) => ({
      plan: job,
      isAccepted: false,
      isCancelPromised: false,
      verdict: undefined,
      paths: [],
    }));
  }

  async go(): Promise<RunResult> {
    const world = this.#world;
    const rooms = await this.#furnish();
    const { worker, clients } = rooms;
    world.enter(this.#keeper, () => worker.start());
    for (const client of clients) client.start();
    for (const fault of this.#plan.faults) {
      world.schedule(this.#keeper, fault.atMs, "fault", () => befall(rooms, fault));
    }
    const { jobs, calls = [] } = this.#plan;
    const endMs = Math.max(this.#calmFromMs, ...[...jobs, ...calls].map(({ atMs }) => atMs));
    await world.run(() => false, endMs + 1);
    const isDone = () => clients.every((client) => client.isDone);
    await world.run(isDone, endMs + (this.#plan.patienceMs ?? PATIENCE_MS));
    if (world.failures.length === 0 && !isDone()) this.#tellWhoWaits();
    await this.#rest(rooms);
    return {
      failure: world.failures[0],
      digest: world.digest,
      trace: world.trace,
      simulatedMs: world.nowMs,
      steps: world.steps,
      jobs: this.#plan.jobs.length,
      lives: worker.lives,
      counts: world.counts,
    };
  }

  #tellWhoWaits(): void {
    const waiting = this.#fates.filter(({ verdict }) => verdict === undefined)
      .map(({ plan }) => plan.id);
    this.#world.fail(`${waiting.join(", ")} wait for ever`);
  }

  async #furnish(): Promise<Rooms> {
    const [world, plan] = [this.#world, this.#plan];
    const servers = [];
    for (let number = 0; number < plan.servers; number++) {
      const process = new Process(`comfy${number}`);
      const start = () =>
        startSimulator({
          stepTimeMs: 100,
          loadTimeMs: 300,
          nodeTimeMs: 5,
          previewMethod: "still",
          ...(plan.profiles === undefined ? {} : { profile: plan.profiles[number]! }),
        });
      servers.push({ process, simulator: await world.enter(process, start) });
    }
    if (plan.faults.some(({ kind }) => kind === "power cut")) watchPower(`${this.#dir}/kept`);
    const { config } = await loadConfig({
      flags: {
        "req-addr": ADDRESSES.reqAddress,
        "pub-addr": ADDRESSES.pubAddress,
        "comfyui-url": servers.map(({ simulator }) => simulator.url),
        "output-dir": `${this.#dir}/output`,
        db: `${this.#dir}/queue.db`,
      },
      env: (name) => {
        if (name === "DGX_PIXELS_OUTPUT_STORE" && plan.hasStore === true) return this.#storeDir;
        const isAsked = name === "DGX_PIXELS_OUTPUT_PREVIEW_METHOD" && plan.hasPreviews === false;
        return isAsked ? "none" : undefined;
      },
    });
    if (plan.neverUp === true) {
      for (const { process, simulator } of servers) {
        await world.enter(process, () => simulator.faults.goDown());
      }
    }
    const transport = new SimulatedTransport();
    const worker = new WorkerRoom(world, config, transport, this.#keeper);
    const queue = new QueueWatch(world);
    database.onCommit = (db) => outside(() => queue.look(db));
    let updates = new UpdateWatch(world);
    worker.onLife = () => updates = new UpdateWatch(world);
    transport.onPublish = (body) => {
      updates.look(body);
      this.#sent.note(body);
    };
    transport.onAnswer = (body) => queue.hear(body);
    const around: ClientSurroundings = {
      world,
      transport,
      calls: this.#calls,
      sent: this.#sent,
      tellableFromMs: (id) => Math.max(queue.sinceMs(id), this.#calmFromMs, worker.readyMs),
      hasLiars: plan.faults.some(({ kind }) => kind === "server lies"),
      isLossless: plan.faults.every(({ kind }) => LOSSLESS.has(kind)),
    };
    const clients = Array.from(
      { length: plan.clients },
      (_, number) =>
        new ClientRoom(around, this.#keeper, {
          number,
          fates: this.#fates.filter(({ plan: job }) => job.client === number),
          calls: (plan.calls ?? []).filter(({ client }) => client === number),
        }),
    );
    return { world, keeper: this.#keeper, worker, clients, servers };
  }

  get #storeDir(): string {
    return `${this.#dir}/store`;
  }

  #expectNoCalls(clients: readonly ClientRoom[], when: string): void {
    for (const { process } of clients) {
      if (process !== undefined) this.#calls.expectNone(process, when);
    }
  }

  /** Lets all come to rest, looks at what is left, and stops everything. */
  async #rest({ worker, clients, servers }: Rooms): Promise<void> {
    const world = this.#world;
    await world.run(() => worker.worker !== undefined, world.nowMs + PATIENCE_MS);
    await world.run(() => false, world.nowMs + Math.max(REST_MS, this.#plan.idleMs));
    await world.run(() => this.#calls.isEmpty, world.nowMs + PATIENCE_MS);
    this.#expectNoCalls(clients, "at rest");
    const closing = { isDone: false };
    const all = async () => {
      await Promise.all(clients.map((client) => client.close()));
      await worker.close();
      for (const { process, simulator } of servers) {
        await world.enter(process, () => simulator.close());
      }
      closing.isDone = true;
    };
    if (world.failures.length > 0) {
      worker.process?.kill();
      return;
    }
    all().catch((error) => world.fail(`cannot stop: ${String(error?.stack)}`));
    await world.run(() => closing.isDone, world.nowMs + PATIENCE_MS);
    if (world.failures.length > 0) return;
    if (!closing.isDone) return world.fail("the worker does not stop");
    await world.run(() => false, world.nowMs + 60_000);
    this.#expectNoCalls(clients, "though its client was closed");
    const processes = [worker.process, ...clients.map(({ process }) => process)];
    for (const process of [...processes, ...servers.map(({ process }) => process)]) {
      if (process !== undefined && process.timers > 0) {
        world.fail(`${process.name} is closed and has ${process.timers} timers`);
      }
    }
    if (isolates.size > 0) world.fail(`${isolates.size} isolates are left`);
    for (const { connections } of hosts.values()) {
      const left = [...connections.values()].filter(({ isAlive }) => isAlive);
      if (left.length > 0) world.fail(`${left.map(({ name }) => name)} left connections open`);
    }
    const ran = servers.flatMap(({ simulator: { record } }, server): Ran[] => {
      const seeds = new Map(record.prompts.map(({ promptId, body }) => [
        promptId,
        Number(/"(?:noise_)?seed":(\d+)/.exec(JSON.stringify(body))?.[1]),
      ]));
      return record.executions.map(({ promptId, outcome }) => {
        return { server, promptId, outcome, seed: seeds.get(promptId) ?? NaN };
      });
    });
    const dbPath = `${this.#dir}/queue.db`;
    checkRest(world, this.#plan, { dbPath, fates: this.#fates, ran });
    if (this.#plan.hasStore === true) {
      checkStore(world, this.#plan, { dbPath, dir: this.#storeDir });
    }
  }
}

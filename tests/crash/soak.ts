/**
 * A worker under mixed load for as long as is wanted: `deno task soak --help`. Four servers have their
 * misfortunes, clients come and go; what the worker's process takes is measured all the while.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { connect } from "../../src/client/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { type Program, startTask } from "../support/process.ts";
import { slope } from "../support/slope.ts";
import { tempDir } from "../support/temp_dir.ts";
import { createLedger } from "./executions.ts";
import { startLoad, type SubmittedJob } from "./load.ts";
import { type Chance, createChance } from "./random.ts";
import { type Addresses, freePorts } from "./worker_lives.ts";

const HELP = `Runs a worker under mixed load with four servers that have misfortunes.

--minutes N  how long (default 30)
--seed N     what chance is drawn from (default 18)`;

/** Time between two looks, in milliseconds; time in which this process was stopped does not count. */
const LOOK_MS = 10_000;

/** Clients at any time, each with a few jobs under way. */
const CLIENTS = 4;
const OUTSTANDING = 3;

/** Longest wait for the jobs that are left, in milliseconds. */
const PATIENCE_MS = 300_000;

/** What is measured of the worker, in units of itself. */
const MEASURES: Readonly<Record<string, (pid: number, db: string) => number>> = {
  "descriptors": (pid) => shown("ls", `/proc/${pid}/fd`).trim().split("\n").length,
  "threads": (pid) => statusOf(pid, "Threads"),
  "memory KiB": (pid) => statusOf(pid, "VmRSS"),
  "database bytes": (_pid, db) =>
    ["", "-wal"].reduce((sum, end) => sum + Deno.statSync(db + end).size, 0),
};

const { values } = parseArgs({
  args: [...Deno.args],
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "18" },
    help: { type: "boolean", default: false },
  },
});

/** Runs it; true if no job was lost or ran twice. */
async function soak(minutes: number, chance: Chance): Promise<boolean> {
  await using dir = await tempDir();
  await using stack = new AsyncDisposableStack();
  const servers: Simulator[] = [];
  for (let number = 0; number < 4; number++) {
    const options = { stepTimeMs: 15, loadTimeMs: 50, nodeTimeMs: 1 } as const;
    servers.push(stack.use(await startSimulator(options)));
  }
  const ledgers = servers.map(createLedger);
  const [req, pub] = freePorts(2).map((port) => `tcp://127.0.0.1:${port}`);
  const addresses = { reqAddress: req!, pubAddress: pub! };
  const db = `${dir.path}/queue.db`;
  const args = [
    ...servers.map(({ url }) => `--comfyui-url=${url}`),
    ...[`--req-addr=${req}`, `--pub-addr=${pub}`, `--output-dir=${dir.path}/output`, `--db=${db}`],
  ];
  // Making the previews would take most of the machine.
  const env = { DGX_PIXELS_OUTPUT_PREVIEW_METHOD: "none" };
  const worker: Program = stack.use(startTask("worker", args, { env }));
  await worker.logged("Worker ready");
  const end = new AbortController();
  const jobs: SubmittedJob[] = [];
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!end.signal.aborted) jobs.push(...await live(addresses, chance));
  });
  const points = Object.keys(MEASURES).map(() => [] as [number, number][]);
  for (let looks = 0; looks < minutes * 60_000 / LOOK_MS; looks++) {
    for (let second = 0; second < LOOK_MS / 1_000; second++) {
      await pause(1_000);
      for (const ledger of ledgers) ledger.read();
      trouble(servers, chance);
    }
    Object.values(MEASURES).forEach((measure, at) => {
      points[at]!.push([looks * LOOK_MS / 3_600_000, measure(worker.pid, db)]);
    });
    if (looks % 6 === 5) print(`${(looks + 1) / 6} min: ${jobs.length} jobs, ${present(points)}`);
  }
  end.abort();
  await Promise.all(clients);
  for (const ledger of ledgers) ledger.read();
  return judge(jobs, ledgers.map(({ executions }) => executions), points);
}

let lastClient = 0;

/** The life of a client: it comes, submits, waits for all and goes. */
async function live(addresses: Addresses, chance: Chance): Promise<readonly SubmittedJob[]> {
  const firstSeed = ++lastClient * 100_000;
  await using client = await connect({ ...addresses, timeoutMs: 2_000, maxRetries: 1_000_000 });
  const load = startLoad({ client, chance, outstanding: OUTSTANDING, mark: () => 0, firstSeed });
  await pause(chance.below(20_000));
  await load.finish(PATIENCE_MS);
  return load.jobs;
}

/** Each second, with some luck, nothing. */
function trouble(servers: readonly Simulator[], chance: Chance): void {
  const { faults } = servers[Math.floor(chance.below(servers.length))]!;
  const luck = chance.below(1);
  if (luck < 0.02) faults.dropSockets();
  else if (luck < 0.04) faults.loseNextAnswer("POST /prompt");
  else if (luck < 0.05) faults.oomNext();
  else if (luck < 0.06) faults.failNext("GET /view", { times: 2 });
  else if (luck < 0.065) faults.restart({ downMs: chance.below(4_000) }).catch(() => {});
}

function judge(
  jobs: readonly SubmittedJob[],
  servers: readonly (readonly { seed: number; life: number; outcome: string | undefined }[])[],
  points: readonly [number, number][][],
): boolean {
  const lost = jobs.filter(({ ending }) => ending === undefined);
  const done = new Map<string, number>();
  servers.forEach((executions, server) => {
    for (const { seed, life, outcome } of executions) {
      const where = `${seed} on ${server}, life ${life}`;
      if (outcome === "success") done.set(where, (done.get(where) ?? 0) + 1);
    }
  });
  const twice = [...done].filter(([, times]) => times > 1);
  const count = (ending: string) => jobs.filter((job) => job.ending === ending).length;
  print(
    `${jobs.length} jobs of ${lastClient} clients: ${count("completed")} completed, ` +
      `${count("cancelled")} cancelled, ${count("failed")} failed; lost ${lost.length}, ` +
      `twice ${twice.length}`,
  );
  const reasons = new Set(
    jobs.filter(({ ending }) => ending === "failed").map(({ error }) => error),
  );
  for (const reason of reasons) print(`failed: ${reason}`);
  Object.keys(MEASURES).forEach((name, at) => {
    // The first third warms up.
    const own = points[at]!.slice(Math.floor(points[at]!.length / 3));
    print(`${name}: ${own[0]?.[1]} to ${own.at(-1)?.[1]}, ${slope(own).toFixed(1)} an hour`);
  });
  return lost.length === 0 && twice.length === 0;
}

function present(points: readonly [number, number][][]): string {
  return Object.keys(MEASURES).map((name, at) => `${name} ${points[at]!.at(-1)![1]}`).join(", ");
}

function statusOf(pid: number, name: string): number {
  const status = shown("cat", `/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
}

/** Deno itself may read of `/proc` only with every right there is. */
function shown(program: string, path: string): string {
  const { stdout } = new Deno.Command(program, { args: [path] }).outputSync();
  return new TextDecoder().decode(stdout);
}

/** Here it is time itself that is tested. */
function pause(ms: number): Promise<void> {
  // deno-lint-ignore house/no-sleep-in-test
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (values.help) print(HELP);
else if (!await soak(Number(values.minutes), createChance(Number(values.seed)))) Deno.exit(1);

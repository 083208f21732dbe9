/**
 * What a job costs in processor time, beside a driver on Deno that does little else, and one that does so in
 * an isolate, stores jobs and tells of them.
 */

import { tempDir } from "../../support/temp_dir.ts";
import { CONFIG } from "./bare.ts";
import { startChild } from "./child.ts";
import { connectTo, type Watch, watch } from "./jobs.ts";
import { nativeSource } from "./native.ts";
import { startOurs } from "./parties.ts";
import { startSimulators } from "./simulator.ts";
import { alternate, type Rounds } from "./statistics.ts";
import { processorMs } from "./usage.ts";

/** Measurement of a load. */
export interface JobCostOptions {
  /** ComfyUI servers. */
  readonly servers: number;
  /** Rounds. */
  readonly rounds: number;
  /** Jobs of a round for each server. */
  readonly jobs: number;
}

/** Steps of a job, and what each takes, in milliseconds. */
const [STEPS, STEP_MS] = [20, 10];

/** Every step is told: a simulator of this age holds none back, and none is too many a second. */
const PROFILE = "0.3.64";
const SETTINGS = "output:\n  preview_method: none\nworker:\n  progress_per_s: 0\n";

type Party = "ours" | "bare" | "isolated";

/** Milliseconds of processor time for a job of 20 steps, round by round. */
export async function jobCosts(
  { servers, rounds, jobs }: JobCostOptions,
): Promise<Rounds<Party, number>> {
  await using simulators = await startSimulators({
    servers,
    simulator: { profile: PROFILE, stepTimeMs: STEP_MS, nodeTimeMs: 1, loadTimeMs: 0 },
  });
  const addresses = simulators.urls.flatMap((url) => ["--comfyui-url", url]);
  await using ours = await startOurs(addresses, { settings: SETTINGS });
  await using updates = await watch(ours);
  await using connection = await connectTo(ours);
  await using bare = await startDriver("bare_driver.ts", simulators.urls);
  await using isolated = await startDriver("isolated_driver.ts", simulators.urls);
  const { updates: steps } = isolated.greeting as { updates: string };
  await using heard = await watch({ ...ours, updates: steps });
  const count = jobs * servers;
  let ended = 0;
  const runOurs = async () => {
    ended += count;
    await Promise.all(Array.from({ length: count }, () => connection.submit({ steps: STEPS })));
    await updates.count("job_finished", ended);
    const failed = updates.heard.find(({ update }) =>
      update.type === "job_finished" && !update.success
    );
    if (failed !== undefined) throw new Error("A job failed");
    checkSteps(updates, ended);
  };
  const load = JSON.stringify({ jobs: count, steps: STEPS });
  let isolatedEnded = 0;
  const runIsolated = async () => {
    isolatedEnded += count;
    await isolated.run(load);
    await heard.count("job_finished", isolatedEnded);
    checkSteps(heard, isolatedEnded);
  };
  // What was never run before is compiled first.
  await runOurs();
  await bare.run(load);
  await runIsolated();
  return await alternate<Party, number>(rounds, {
    ours: async () => await used(ours.pid, runOurs) / count,
    bare: async () => await used(bare.pid, () => bare.run(load)) / count,
    isolated: async () => await used(isolated.pid, runIsolated) / count,
  });
}

/** Who leaves steps out is not to be compared with. */
function checkSteps(updates: Watch, jobs: number): void {
  const told = updates.counted("progress");
  if (told < jobs * STEPS) throw new Error(`${jobs} jobs of ${STEPS} steps told ${told}`);
}

interface Driver extends AsyncDisposable {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly greeting: unknown;
  /** Runs a load to its end. */
  run(load: string): Promise<void>;
}

async function startDriver(script: string, urls: readonly string[]): Promise<Driver> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const child = starting.use(startChild(Deno.execPath(), [
    ...["run", "--quiet", "--no-prompt", `--config=${CONFIG}`, "--allow-net=127.0.0.1"],
    ...["--allow-read", "--allow-write", "--allow-ffi"],
    ...[nativeSource(script), dir.path, ...urls],
  ]));
  const greeting = await child.next();
  const running = starting.move();
  return {
    pid: child.pid,
    greeting,
    async run(load) {
      await child.tell(load);
      await child.next();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function used(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await processorMs(pid);
  await work();
  return await processorMs(pid) - before;
}

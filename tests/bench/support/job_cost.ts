/**
 * What a job costs in processor time, beside a driver on Deno that does little else, and one that does so in
 * an isolate, stores jobs and tells of them.
 */

import { tempDir } from "../../support/temp_dir.ts";
import { CONFIG } from "./bare.ts";
import { startChild } from "./child.ts";
import { connectTo, type Watch, watch } from "./jobs.ts";
import { nativeSource } from "./native.ts";
import { type Party, startFloor, startOurs } from "./parties.ts";
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

type Name = "ours" | "bare" | "floor";

/** Milliseconds of processor time for a job of 20 steps, round by round. */
export async function jobCosts(
  { servers, rounds, jobs }: JobCostOptions,
): Promise<Rounds<Name, number>> {
  await using simulators = await startSimulators({
    servers,
    simulator: { profile: PROFILE, stepTimeMs: STEP_MS, nodeTimeMs: 1, loadTimeMs: 0 },
  });
  const { urls } = simulators;
  const addresses = urls.flatMap((url) => ["--comfyui-url", url]);
  await using ours = await openLoad(await startOurs(addresses, { settings: SETTINGS }));
  await using floor = await openLoad(await startFloor(urls));
  await using bare = await startBareDriver(urls);
  const count = jobs * servers;
  const cost = async ({ pid, run }: Load) => {
    const before = await processorMs(pid);
    await run(count);
    return (await processorMs(pid) - before) / count;
  };
  // What was never run before is compiled first.
  for (const load of [ours, floor, bare]) await cost(load);
  return await alternate<Name, number>(rounds, {
    ours: () => cost(ours),
    floor: () => cost(floor),
    bare: () => cost(bare),
  });
}

/** Somebody who runs jobs. */
interface Load extends AsyncDisposable {
  readonly pid: number;
  /** Runs so many to their ends. */
  readonly run: (jobs: number) => Promise<void>;
}

/** One that is asked over ZeroMQ, and owned from then on. */
async function openLoad(party: Party): Promise<Load> {
  await using opening = new AsyncDisposableStack();
  opening.use(party);
  const updates = opening.use(await watch(party));
  const connection = opening.use(await connectTo(party));
  const open = opening.move();
  let ended = 0;
  return {
    pid: party.pid,
    async run(jobs) {
      ended += jobs;
      await Promise.all(Array.from({ length: jobs }, () => connection.submit({ steps: STEPS })));
      await updates.count("job_finished", ended);
      const failed = updates.heard.find(({ update }) =>
        update.type === "job_finished" && !update.success
      );
      if (failed !== undefined) throw new Error("A job failed");
      checkSteps(updates, ended);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Who leaves steps out is not to be compared with. */
function checkSteps(updates: Watch, jobs: number): void {
  const told = updates.counted("progress");
  if (told < jobs * STEPS) throw new Error(`${jobs} jobs of ${STEPS} steps told ${told}`);
}

async function startBareDriver(urls: readonly string[]): Promise<Load> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const child = starting.use(startChild(Deno.execPath(), [
    ...["run", "--quiet", "--no-prompt", `--config=${CONFIG}`, "--allow-net=127.0.0.1"],
    ...["--allow-read", "--allow-write"],
    ...[nativeSource("bare_driver.ts"), dir.path, ...urls],
  ]));
  await child.next();
  const running = starting.move();
  return {
    pid: child.pid,
    async run(jobs) {
      await child.tell(JSON.stringify({ jobs, steps: STEPS }));
      await child.next();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What a job costs in processor time, beside the least that a driver on Deno does. */

import { tempDir } from "../../support/temp_dir.ts";
import { startChild } from "./child.ts";
import { connectTo, watch } from "./jobs.ts";
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

/** Milliseconds of processor time for a job of 20 steps, round by round. */
export async function jobCosts(
  { servers, rounds, jobs }: JobCostOptions,
): Promise<Rounds<"ours" | "bare", number>> {
  await using simulators = await startSimulators({
    servers,
    simulator: { profile: PROFILE, stepTimeMs: STEP_MS, nodeTimeMs: 1, loadTimeMs: 0 },
  });
  const addresses = simulators.urls.flatMap((url) => ["--comfyui-url", url]);
  await using ours = await startOurs(addresses, { settings: SETTINGS });
  await using updates = await watch(ours);
  await using connection = await connectTo(ours);
  await using dir = await tempDir();
  await using bare = startChild(Deno.execPath(), [
    ...["run", "--quiet", "--no-config", "--allow-net=127.0.0.1", "--allow-read"],
    ...["--allow-write", nativeSource("bare_driver.ts"), dir.path, ...simulators.urls],
  ]);
  await bare.next();
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
  };
  const runBare = async () => {
    await bare.tell(JSON.stringify({ jobs: count, steps: STEPS }));
    await bare.next();
  };
  // What was never run before is compiled first.
  await runOurs();
  await runBare();
  return await alternate<"ours" | "bare", number>(rounds, {
    ours: async () => await used(ours.pid, runOurs) / count,
    bare: async () => await used(bare.pid, runBare) / count,
  });
}

async function used(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await processorMs(pid);
  await work();
  return await processorMs(pid) - before;
}

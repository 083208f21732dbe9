/** Whether pings notice that images are being made. */

import { atMost, type Bench, time } from "../support/figures.ts";
import { submit, watch } from "../support/jobs.ts";
import { generateLoad } from "../support/load.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, ratio } from "../support/statistics.ts";

const SERVERS = 4;
const ROUNDS = 5;
const PINGS = 4_000;
/** Steps of a job, longer than the bench: it ends with the process. */
const STEPS = 10_000;

/** Pings beside four jobs. */
export const BUSY: Bench = {
  name: "busy",
  about: `ping p99 while ${SERVERS} jobs run with previews and 100 updates a second each`,
  async run() {
    await using simulators = await startSimulators({
      servers: SERVERS,
      // The machine is not to be busy with packing images, which GPU servers would do elsewhere.
      simulator: { stepTimeMs: 8, loadTimeMs: 0, previewMethod: "still" },
    });
    // One job for each server, or a second one would wait where the model is loaded already.
    const servers = simulators.urls.map((url) => `    - url: ${url}\n      max_in_flight: 1\n`);
    const settings = `worker:\n  progress_per_s: 100\ncomfyui:\n  servers:\n${servers.join("")}`;
    await using idle = await startOurs([], { settings });
    await using busy = await startOurs([], { settings });
    await using updates = await watch(busy);
    for (let job = 0; job < SERVERS; job += 1) await submit(busy, { steps: STEPS });
    await updates.count("progress", SERVERS * 50);
    const before = updates.counted("progress");
    const began = performance.now();
    const p99: Record<"idle" | "busy", number[]> = { idle: [], busy: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      p99.busy.push(await pingP99(busy.requests));
    }
    const perSecond = (updates.counted("progress") - before) * 1_000 /
      (performance.now() - began) / SERVERS;
    await busy[Symbol.asyncDispose]();
    for (let round = 0; round < ROUNDS; round += 1) {
      p99.idle.push(await pingP99(idle.requests));
    }
    return [{
      what: `ping p99 beside ${SERVERS} jobs (${perSecond.toFixed(0)} updates/s each)`,
      ours: time(median(p99.busy)),
      beside: `idle ${time(median(p99.idle))}`,
      target: "≤3×idle",
      ...atMost(ratio(p99.busy, p99.idle), 3),
    }];
  },
};

async function pingP99(address: string): Promise<number> {
  return (await generateLoad("C", ["ping", address, String(PINGS)])).p99;
}

/** Memory: at rest, after work on several servers, and whether it grows. */

import { startBare } from "../support/bare.ts";
import { atMost, type Bench, type Figure, short } from "../support/figures.ts";
import { runJobs, wait } from "../support/jobs.ts";
import { type Party, startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median } from "../support/statistics.ts";
import { residentBytes } from "../support/usage.ts";

const SERVERS = 4;
const JOBS = 100;
const EARLY_JOBS = 1_000;
const LATE_JOBS = 10_000;
const SETTLE_MS = 2_000;
/** Jobs between two looks. */
const LOOK_EVERY = 100;
const NO_TIME = { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 };

/** Resident memory. */
export const MEMORY: Bench = {
  name: "memory",
  about: `resident memory idle, and with ${SERVERS} servers after ${JOBS} jobs`,
  async run() {
    await using bare = startBare();
    await bare.next();
    await using simulators = await startSimulators({ servers: SERVERS, simulator: NO_TIME });
    await using idle = await startOurs(["--comfyui-url", simulators.urls[0] ?? ""]);
    await using four = await startOurs(simulators.urls.flatMap((url) => ["--comfyui-url", url]));
    await runJobs(four, JOBS);
    await wait(SETTLE_MS);
    const least = await residentBytes(bare.pid);
    return [
      figure("resident memory, idle", await residentBytes(idle.pid), least, 1.5),
      figure(
        `resident memory, ${SERVERS} servers, ${JOBS} jobs run`,
        await residentBytes(four.pid),
        least,
        2.5,
      ),
    ];
  },
};

/** Growth over ten thousand jobs. */
export const GROWTH: Bench = {
  name: "growth",
  about: `resident memory from job ${EARLY_JOBS} to job ${LATE_JOBS}`,
  async run() {
    await using simulators = await startSimulators({ simulator: NO_TIME });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    await runJobs(ours, EARLY_JOBS);
    const early = await settledBytes(ours);
    await runJobs(ours, LATE_JOBS - EARLY_JOBS);
    const late = await settledBytes(ours);
    return [{
      what: `resident memory from job ${EARLY_JOBS} to job ${LATE_JOBS}`,
      ours: `${short(late / 1e6)} MB`,
      beside: `before ${short(early / 1e6)} MB`,
      target: "± 5 %",
      ...atMost(late / early, 1.05),
    }];
  },
};

function figure(what: string, bytes: number, least: number, limit: number): Figure {
  return {
    what,
    ours: `${short(bytes / 1e6)} MB`,
    beside: `bare script ${short(least / 1e6)} MB`,
    target: `≤ ${limit} × bare`,
    ...atMost(bytes / least, limit),
  };
}

/** Memory rises and falls with garbage: the middle of several looks. */
async function settledBytes(party: Party): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < 7; look += 1) {
    await runJobs(party, LOOK_EVERY);
    await wait(SETTLE_MS / 4);
    looks.push(await residentBytes(party.pid));
  }
  return median(looks);
}

/** Memory: at rest, after work on several servers, and whether it grows. */

import { startBare } from "../support/bare.ts";
import { atMost, type Bench, type Figure, short } from "../support/figures.ts";
import { runJobs, wait } from "../support/jobs.ts";
import { type Party, startFloor, startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, ratio } from "../support/statistics.ts";
import { residentBytes } from "../support/usage.ts";

const ROUNDS = 5;
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
    const rounds: Resident[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure());
    const afterWork = `resident memory, ${SERVERS} servers, ${JOBS} jobs run`;
    return [
      beside("bare script", "resident memory, idle", rounds, ["idle", "bare"], 1.5),
      beside("floor", "resident memory, idle", rounds, ["idle", "floorIdle"], 1.5),
      beside("bare script", afterWork, rounds, ["four", "bare"], 2.5),
      beside("floor", afterWork, rounds, ["four", "floorFour"], 1.5),
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

/** Bytes of the bare script, of a worker that nobody has asked anything, of one with four servers. */
type Resident = Record<"bare" | "idle" | "four" | "floorIdle" | "floorFour", number>;

async function measure(): Promise<Resident> {
  await using bare = startBare();
  await bare.next();
  await using simulators = await startSimulators({ servers: SERVERS, simulator: NO_TIME });
  const { urls } = simulators;
  await using idle = await startOurs(["--comfyui-url", urls[0] ?? ""]);
  await using four = await startOurs(urls.flatMap((url) => ["--comfyui-url", url]));
  await using floorIdle = await startFloor(urls.slice(0, 1));
  await using floorFour = await startFloor(urls);
  await runJobs(four, JOBS);
  await runJobs(floorFour, JOBS);
  await wait(SETTLE_MS);
  return {
    bare: await residentBytes(bare.pid),
    idle: await residentBytes(idle.pid),
    four: await residentBytes(four.pid),
    floorIdle: await residentBytes(floorIdle.pid),
    floorFour: await residentBytes(floorFour.pid),
  };
}

function beside(
  name: string,
  what: string,
  rounds: readonly Resident[],
  [ours, theirs]: readonly [keyof Resident, keyof Resident],
  limit: number,
): Figure {
  const bytes = rounds.map((round) => round[ours]);
  const least = rounds.map((round) => round[theirs]);
  return {
    what,
    ours: `${short(median(bytes) / 1e6)} MB`,
    beside: `${name} ${short(median(least) / 1e6)} MB`,
    target: `≤${limit}×${name.split(" ")[0]}`,
    ...atMost(ratio(bytes, least), limit),
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

/** How many jobs a second the worker gets done when ComfyUI needs no time for them. */

import { atLeast, type Bench, short } from "../support/figures.ts";
import { runJobs } from "../support/jobs.ts";
import { type Party, startFloor, startOurs, startPoll } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { alternate, median, ratio } from "../support/statistics.ts";

const ROUNDS = 3;
const JOBS = { ours: 400, poll: 25 };

/** Jobs a second. */
export const JOBS_A_SECOND: Bench = {
  name: "jobs",
  about: "jobs a second with a simulator that needs no time",
  async run() {
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
    });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    await using poll = await startPoll(simulators.urls[0] ?? "");
    await using floor = await startFloor(simulators.urls);
    const { mine, theirs, least } = await alternate<"mine" | "theirs" | "least", number>(ROUNDS, {
      mine: () => jobsPerSecond(ours, JOBS.ours),
      theirs: () => jobsPerSecond(poll, JOBS.poll),
      least: () => jobsPerSecond(floor, JOBS.ours),
    });
    const what = "jobs a second, one server";
    return [
      {
        what,
        ours: `${short(median(mine))}/s`,
        beside: `poll ${short(median(theirs))}/s`,
        target: "≥15×poll",
        ...atLeast(ratio(mine, theirs), 15),
      },
      {
        what,
        ours: "",
        beside: `floor ${short(median(least))}/s`,
        target: "≥0.5×floor",
        ...atLeast(ratio(mine, least), 0.5),
      },
    ];
  },
};

async function jobsPerSecond(party: Party, jobs: number): Promise<number> {
  return jobs * 1_000 / await runJobs(party, jobs);
}

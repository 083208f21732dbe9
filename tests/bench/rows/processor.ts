/** What a job costs in processor time. */

import { atMost, type Bench, time } from "../support/figures.ts";
import { jobCosts } from "../support/job_cost.ts";
import { median, ratio } from "../support/statistics.ts";

const ROUNDS = 5;
const JOBS = 8;

/** Processor time of jobs, on one server and on four. */
export const PROCESSOR: Bench = {
  name: "processor",
  about: "processor time of a job of 20 steps, 1 and 4 servers, beside two that check nothing",
  async run() {
    const figures = [];
    for (const servers of [1, 4]) {
      const { ours, bare, floor } = await jobCosts({ servers, rounds: ROUNDS, jobs: JOBS });
      const what = `processor time of 20 steps, ${servers} server${servers === 1 ? "" : "s"}`;
      figures.push({
        what,
        ours: time(median(ours)),
        beside: `bare ${time(median(bare))}`,
        target: "≤8×bare",
        ...atMost(ratio(ours, bare), 8),
      });
      figures.push({
        what,
        ours: "",
        beside: `floor ${time(median(floor))}`,
        target: "≤2×floor",
        ...atMost(ratio(ours, floor), 2),
      });
    }
    return figures;
  },
};

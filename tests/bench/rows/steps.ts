/** How old a sampler step is when a subscriber hears of it. */

import { atMost, type Bench, time } from "../support/figures.ts";
import { type Heard, submit, watch } from "../support/jobs.ts";
import { type Party, startOurs, startPoll } from "../support/parties.ts";
import { type Seen, type Simulators, startSimulators } from "../support/simulator.ts";
import { percentile } from "../support/statistics.ts";

const JOBS = 6;
const STEPS = 50;

/** From a step to its update. */
export const STEP_UPDATES: Bench = {
  name: "steps",
  about: "from a sampler step to a subscriber",
  async run() {
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 25, loadTimeMs: 0 },
      tell: ["progress"],
    });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    await using poll = await startPoll(simulators.urls[0] ?? "");
    const mine = await ages(
      ours,
      simulators,
      JOBS,
      (step, heard) =>
        heard.find(({ update }) =>
          update.type === "progress" && update.stage === "sampling" && update.step === step.value
        ),
    );
    // A look shows no step; what it shows is at least not older than the look.
    const theirs = await ages(
      poll,
      simulators,
      2,
      (step, heard) => heard.find(({ update }) => Number(update["looked_at"]) * 1_000 >= step.atMs),
    );
    const [p95, beside] = [percentile(mine, 0.95), percentile(theirs, 0.95)];
    const told = mine.filter((age) => age < Infinity).length;
    const what = "sampler step → subscriber, p95";
    return [
      { what, ours: time(p95), beside: "", target: "≤3 ms", ...atMost(p95, 3) },
      {
        what,
        ours: time(p95),
        beside: `poll ${time(beside)}`,
        target: "≤0.05×poll",
        ...atMost(p95 / beside, 0.05),
      },
      {
        what: "sampler steps delivered",
        ours: String(told),
        beside: `of ${JOBS * STEPS}`,
        target: "all",
        reached: String(told),
        holds: told === JOBS * STEPS,
      },
    ];
  },
};

type Step = Extract<Seen, { type: "progress" }>;

async function ages(
  party: Party,
  simulators: Simulators,
  jobs: number,
  find: (step: Step, heard: readonly Heard[]) => Heard | undefined,
): Promise<number[]> {
  await using updates = await watch(party);
  const results: number[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const before = simulators.seen.length;
    const id = await submit(party, { steps: STEPS });
    await updates.find(id, "job_complete");
    const heard = updates.heard.filter(({ update }) => update.job_id === id);
    for (const step of simulators.seen.slice(before)) {
      if (step.type !== "progress") continue;
      results.push((find(step, heard)?.atMs ?? Infinity) - step.atMs);
    }
  }
  return results;
}

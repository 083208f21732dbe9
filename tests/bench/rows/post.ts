/** How soon an idle worker does something about a job that it has accepted. */

import { atMost, type Bench, time } from "../support/figures.ts";
import { connectTo, wait, watch } from "../support/jobs.ts";
import { type Party, startOurs, startPoll } from "../support/parties.ts";
import { type Simulators, startSimulators } from "../support/simulator.ts";
import { percentile } from "../support/statistics.ts";

const JOBS = 40;

/** From `job_accepted` to the post. */
export const POST: Bench = {
  name: "post",
  about: "from the acceptance to POST /prompt, idle worker",
  async run() {
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["prompt_received"],
    });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    await using poll = await startPoll(simulators.urls[0] ?? "");
    const [mine, theirs] = [await posts(ours, simulators), await posts(poll, simulators)];
    const [p95, beside] = [percentile(mine, 0.95), percentile(theirs, 0.95)];
    const what = "accepted → POST /prompt, p95";
    return [
      { what, ours: time(p95), beside: "", target: "≤10 ms", ...atMost(p95, 10) },
      {
        what,
        ours: time(p95),
        beside: `poll ${time(beside)}`,
        target: "≤0.15×poll",
        ...atMost(p95 / beside, 0.15),
      },
    ];
  },
};

/** One job after the other, at moments that have nothing to do with the looks of a worker that polls. */
async function posts(party: Party, simulators: Simulators): Promise<number[]> {
  await using updates = await watch(party);
  await using connection = await connectTo(party);
  const took: number[] = [];
  for (let job = 0; job < JOBS; job += 1) {
    const before = simulators.seen.length;
    const { id, atMs } = await connection.submit();
    const post = await simulators.find((event) => simulators.seen.indexOf(event) >= before);
    // The post can be there before the answer is.
    took.push(Math.max(0, post.atMs - atMs));
    await updates.find(id, "job_complete");
    await wait(Math.random() * 100);
  }
  return took;
}

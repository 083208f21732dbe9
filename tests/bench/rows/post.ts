/** How soon an idle worker does something about a job. */

import { wallMs } from "../support/clock.ts";
import { atMost, type Bench, time } from "../support/figures.ts";
import { connectTo, wait, watch } from "../support/jobs.ts";
import { type Party, startFloor, startOurs, startPoll } from "../support/parties.ts";
import { type Simulators, startSimulators } from "../support/simulator.ts";
import { alternate, median, percentile } from "../support/statistics.ts";

const ROUNDS = 4;
const JOBS = 10;

/** From `generate` and from `job_accepted` to the post. */
export const POST: Bench = {
  name: "post",
  about: "from the request and from its acceptance to POST /prompt, idle worker",
  async run() {
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["prompt_received"],
    });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    await using poll = await startPoll(simulators.urls[0] ?? "");
    await using floor = await startFloor(simulators.urls);
    // What was never run before is compiled first.
    for (const party of [ours, poll, floor]) await posts(party, simulators);
    const rounds = await alternate<"ours" | "poll" | "floor", Posts>(ROUNDS, {
      ours: () => posts(ours, simulators),
      poll: () => posts(poll, simulators),
      floor: () => posts(floor, simulators),
    });
    const mine = rounds.ours.flatMap(({ acceptedMs }) => acceptedMs);
    const theirs = rounds.poll.flatMap(({ acceptedMs }) => acceptedMs);
    const [p95, beside] = [percentile(mine, 0.95), percentile(theirs, 0.95)];
    const [asked, least] = [rounds.ours, rounds.floor].map((all) =>
      median(all.flatMap(({ askedMs }) => askedMs))
    ) as [number, number];
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
      {
        what: "generate → POST /prompt, p50",
        ours: time(asked),
        beside: `floor ${time(least)}`,
        target: "≤2×floor",
        ...atMost(asked / least, 2),
      },
    ];
  },
};

/** Milliseconds until the post of each job. */
interface Posts {
  /** Since it was asked for. */
  readonly askedMs: number[];
  /** Since it was accepted. */
  readonly acceptedMs: number[];
}

/** One job after the other, at moments that have nothing to do with the looks of a worker that polls. */
async function posts(party: Party, simulators: Simulators): Promise<Posts> {
  await using updates = await watch(party);
  await using connection = await connectTo(party);
  const took: Posts = { askedMs: [], acceptedMs: [] };
  for (let job = 0; job < JOBS; job += 1) {
    const before = simulators.seen.length;
    const askedAtMs = wallMs();
    const { id, atMs } = await connection.submit();
    const post = await simulators.find((event) => simulators.seen.indexOf(event) >= before);
    took.askedMs.push(post.atMs - askedAtMs);
    // The post can be there before the answer is.
    took.acceptedMs.push(Math.max(0, post.atMs - atMs));
    await updates.find(id, "job_complete");
    await wait(Math.random() * 100);
  }
  return took;
}

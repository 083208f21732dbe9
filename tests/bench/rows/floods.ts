/** Whether pings notice that others ask without end. */

import { startChild } from "../support/child.ts";
import { atMost, type Bench, type Figure, short, time } from "../support/figures.ts";
import { generateLoad, loadCommand } from "../support/load.ts";
import { type Party, startOurs } from "../support/parties.ts";
import { median } from "../support/statistics.ts";

const FLOODS = 8;
const DEPTH = "64";
const ROUNDS = 5;
const PINGS = "4000";
/** The floods last longer than the pings, of which even slow ones are done by then. */
const FLOOD_MS = "3000";

/**
 * Floods mostly come from other machines, whose processors they use. For those they only get time here that the
 * worker and the pings leave: `SCHED_IDLE`, for which nobody needs a right.
 */
const ELSEWHERE = ["chrt", "--idle", "0"];

/** Pings beside floods. */
export const FLOODED: Bench = {
  name: "floods",
  about:
    `ping p99 beside ${FLOODS} clients with ${DEPTH} pings in flight each, best of ${ROUNDS} rounds`,
  async run() {
    await using ours = await startOurs(["--simulate"]);
    const ping = async () => (await generateLoad("C", ["ping", ours.requests, PINGS])).p99;
    const idle: number[] = [];
    const elsewhere: Flooded[] = [];
    const here: Flooded[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      idle.push(await ping());
      elsewhere.push(await flooded(ours, ELSEWHERE, ping));
      here.push(await flooded(ours, [], ping));
    }
    return [figure("elsewhere", elsewhere, idle), figure("on its processors", here, idle)];
  },
};

interface Flooded {
  readonly p99: number;
  /** Answers that the floods got a second. */
  readonly rate: number;
}

function figure(where: string, rounds: readonly Flooded[], idleP99: readonly number[]): Figure {
  const rate = median(rounds.map((round) => round.rate));
  // What else the machine does only ever adds.
  const [p99, idle] = [Math.min(...rounds.map((round) => round.p99)), Math.min(...idleP99)];
  return {
    what: `ping p99, ${FLOODS} floods ${where} (${short(rate)}/s)`,
    ours: time(p99),
    beside: `idle ${time(idle)}`,
    target: "≤3×idle",
    ...atMost(p99 / idle, 3),
  };
}

/** Measures while the floods run. */
async function flooded(
  { requests }: Party,
  wrapper: readonly string[],
  ping: () => Promise<number>,
): Promise<Flooded> {
  await using floods = new AsyncDisposableStack();
  const [command, ...args] = [
    ...wrapper,
    ...await loadCommand("C", ["pipeline", requests, DEPTH, FLOOD_MS]),
  ] as [string, ...string[]];
  const running = Array.from({ length: FLOODS }, () => floods.use(startChild(command, args)));
  for (const flood of running) await flood.next<{ began: true }>();
  const p99 = await ping();
  const answers = await Promise.all(running.map((flood) => flood.next<{ rate: number }>()));
  return { p99, rate: answers.reduce((sum, { rate }) => sum + rate, 0) };
}

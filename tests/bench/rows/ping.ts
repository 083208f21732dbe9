/** One client that waits for each answer. */

import { atMost, type Bench, type Figure, time } from "../support/figures.ts";
import { generateLoad, type Language, type Load } from "../support/load.ts";
import { startC, startOurs, startPython } from "../support/parties.ts";
import { alternate, median, ratio, type Rounds } from "../support/statistics.ts";

const ROUNDS = 7;
const PINGS = 6_000;

type Percentile = "p50" | "p95" | "p99";

/** Ping round trips. */
export const PING: Bench = {
  name: "ping",
  about: "ping round trip of one client in C, and of one in Python",
  async run() {
    await using ours = await startOurs(["--simulate"]);
    await using p = await startPython();
    await using c = await startC();
    const ping = (language: Language, address: string) =>
      generateLoad(language, ["ping", address, String(PINGS)]);
    const inC = await alternate<"ours" | "P" | "C", Load>(ROUNDS, {
      ours: () => ping("C", ours.requests),
      P: () => ping("C", p.requests),
      C: () => ping("C", c?.requests ?? p.requests),
    });
    const inPython = await alternate<"ours" | "P" | "C", Load>(ROUNDS, {
      ours: () => ping("Python", ours.requests),
      P: () => ping("Python", p.requests),
      C: () => ping("Python", c?.requests ?? p.requests),
    });
    return [
      figure("ping, one C client", inC, "p50", "P", 0.75),
      ...(c === undefined ? [] : [figure("ping, one C client", inC, "p50", "C", 0.8)]),
      figure("ping, one C client", inC, "p95", "P", 0.9),
      figure("ping, one C client", inC, "p99", "P", 1.3),
      figure("ping, one pyzmq client", inPython, "p50", "P", 0.95),
    ];
  },
};

function figure(
  name: string,
  rounds: Rounds<"ours" | "P" | "C", Load>,
  percentile: Percentile,
  beside: "P" | "C",
  limit: number,
): Figure {
  const [mine, theirs] = [rounds.ours, rounds[beside]]
    .map((loads) => loads.map((load) => load[percentile])) as [number[], number[]];
  return {
    what: `${name}, ${percentile}`,
    ours: time(median(mine)),
    beside: `${beside} ${time(median(theirs))}`,
    target: `≤${limit}×${beside}`,
    ...atMost(ratio(mine, theirs), limit),
  };
}

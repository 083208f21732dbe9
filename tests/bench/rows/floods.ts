/** Whether pings notice that others ask without end. */

import { atMost, type Bench, time } from "../support/figures.ts";
import { generateLoad } from "../support/load.ts";
import { startOurs } from "../support/parties.ts";
import { ratio } from "../support/statistics.ts";

const FLOODS = 8;
const DEPTH = "64";
const ROUNDS = 5;
const PINGS = "1000";
/** The floods last longer than the pings, of which even slow ones are done by then. */
const FLOOD_MS = "2000";

/** Pings beside floods. */
export const FLOODED: Bench = {
  name: "floods",
  about: `ping p99 beside ${FLOODS} clients with ${DEPTH} pings in flight each`,
  async run() {
    await using ours = await startOurs(["--simulate"]);
    const ping = async () => (await generateLoad("C", ["ping", ours.requests, PINGS])).p99;
    const p99: Record<"idle" | "flooded", number[]> = { idle: [], flooded: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      p99.idle.push(await ping());
      const floods = Array.from(
        { length: FLOODS },
        () => generateLoad("C", ["pipeline", ours.requests, DEPTH, FLOOD_MS]),
      );
      p99.flooded.push(await ping());
      await Promise.all(floods);
    }
    // What else the machine does, floods that have no core of their own among it, only ever adds.
    const [idle, flooded] = [Math.min(...p99.idle), Math.min(...p99.flooded)];
    return [{
      what: `ping p99 beside ${FLOODS} floods`,
      ours: time(flooded),
      beside: `idle ${time(idle)}`,
      target: "≤3×idle",
      ...atMost(ratio([flooded], [idle]), 3),
    }];
  },
};

/** What a worker uses that has nothing to do. */

import { atMost, type Bench, short } from "../support/figures.ts";
import { wait } from "../support/jobs.ts";
import { generateLoad } from "../support/load.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { processorMs, switches } from "../support/usage.ts";

const SETTLE_MS = 3_000;
const MS = 30_000;

/** Idle processor time. */
export const IDLE: Bench = {
  name: "idle",
  about: `processor time over ${MS / 1_000} s without work`,
  async run() {
    await using simulators = await startSimulators();
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls]);
    // One that has been busy must come to rest, too.
    await generateLoad("C", ["ping", ours.requests, "1000"]);
    await wait(SETTLE_MS);
    const before = { ms: await processorMs(ours.pid), switches: await switches(ours.pid) };
    await wait(MS);
    const percent = (await processorMs(ours.pid) - before.ms) / MS * 100;
    const perSecond = (await switches(ours.pid) - before.switches) / (MS / 1_000);
    return [{
      what: `idle processor time over ${MS / 1_000} s (${short(perSecond)} switches/s)`,
      ours: `${percent.toFixed(2)} %`,
      beside: "",
      target: "≤0.5 %",
      ...atMost(percent, 0.5),
    }];
  },
};

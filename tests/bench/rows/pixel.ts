/** What making pixel art of images of 1024 x 1024 costs: time, memory, and whether pings notice it. */

import { encodePng } from "../../../src/images/mod.ts";
import type { GenerateRequest } from "../../../src/protocol/mod.ts";
import { asDiffused } from "../../../src/simulator/painter/diffusion.ts";
import { plainImage } from "../../../src/simulator/files/image.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { atMost, type Bench, short, time } from "../support/figures.ts";
import { submit, wait, watch } from "../support/jobs.ts";
import { generateLoad } from "../support/load.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, percentile, ratio } from "../support/statistics.ts";
import { residentBytes } from "../support/usage.ts";

const SIDE = 1024;
const CELL = 16;
const JOBS = 20;
const ROUNDS = 5;
const PINGS = 4_000;
/** Jobs that wait, so that one is always under way beside the pings. */
const WAITING = 200;
const SETTLE_MS = 2_000;
/** Time of a prompt: enough to get ready in. */
const STEP_MS = 100;

/** Pixel art beside pings. */
export const PIXEL: Bench = {
  name: "pixel",
  about: "pixel art of 1024² images: what it adds to a job, to memory, and to pings beside it",
  async run() {
    await using input = await tempDir();
    await Deno.writeFile(`${input.path}/soft.png`, await softImage());
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: STEP_MS, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["execution_end"],
    });
    await using ours = await startOurs([
      ...["--comfyui-url", ...simulators.urls],
      ...["--input-dir", input.path],
    ]);
    await using updates = await watch(ours);
    // The simulator gives the image back as it came, and need not paint.
    const given: Partial<GenerateRequest> = {
      size: [SIDE, SIDE],
      init_image: "soft.png",
      denoise: 0,
      steps: 10,
    };
    let ends = 0;
    const finish = async (details: Partial<GenerateRequest>) => {
      const id = await submit(ours, { ...given, ...details });
      const { atMs } = await updates.find(id, "job_complete");
      const end = simulators.seen[ends] ??
        await simulators.find((event) => simulators.seen.indexOf(event) >= ends);
      ends += 1;
      return atMs - end.atMs;
    };
    const plain: number[] = [];
    for (let job = 0; job < JOBS; job += 1) plain.push(await finish({}));
    const before = await settledBytes(ours.pid);
    const first = await finish({ pixel: {} });
    const later: number[] = [];
    for (let job = 1; job < JOBS; job += 1) later.push(await finish({ pixel: {} }));
    const grown = (await settledBytes(ours.pid) - before) / 1e6;
    const idle: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) idle.push(await pingP99(ours.requests));
    for (let job = 0; job < WAITING; job += 1) {
      await submit(ours, { ...given, steps: 1, pixel: {} });
    }
    const beside: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) beside.push(await pingP99(ours.requests));
    const added = (took: number) => took - median(plain);
    return [
      {
        what: "pixel art adds to the first job",
        ours: time(added(first)),
        beside: `plain ${time(median(plain))}`,
        target: "≤120 ms",
        ...atMost(added(first), 120),
      },
      {
        what: "pixel art adds to later jobs, p95",
        ours: time(added(percentile(later, 0.95))),
        beside: `plain ${time(median(plain))}`,
        target: "≤120 ms",
        ...atMost(added(percentile(later, 0.95)), 120),
      },
      {
        what: `resident memory, ${JOBS} jobs of pixel art later`,
        ours: `${short(grown)} MB more`,
        beside: `before ${short(before / 1e6)} MB`,
        target: "≤60 MB",
        ...atMost(grown, 60),
      },
      {
        what: "ping p99 beside jobs of pixel art",
        ours: time(median(beside)),
        beside: `idle ${time(median(idle))}`,
        target: "≤3×idle",
        ...atMost(ratio(beside, idle), 3),
      },
    ];
  },
};

async function pingP99(address: string): Promise<number> {
  return (await generateLoad("C", ["ping", address, String(PINGS)])).p99;
}

async function settledBytes(pid: number): Promise<number> {
  await wait(SETTLE_MS);
  return await residentBytes(pid);
}

/** Cells of many colours, as a diffusion model would leave them. */
async function softImage(): Promise<Uint8Array> {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0, at = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1, at += 3) {
      const [u, v] = [Math.floor(x / CELL), Math.floor(y / CELL)];
      const color = (7 * u + 13 * v + ((u * v) % 5)) % 24;
      data.set([(color * 67) % 256, (color * 131) % 256, (color * 29) % 256], at);
    }
  }
  const drawn = { ...plainImage(SIDE, SIDE, [0, 0, 0]), pixels: () => data };
  const soft = asDiffused(drawn, { key: "bench", cell: CELL, moves: true });
  return await encodePng({ width: SIDE, height: SIDE, channels: 3, data: soft.pixels() });
}

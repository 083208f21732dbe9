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
/** Workers started anew: each has one first job. */
const STARTS = 5;
/** Jobs of a worker without pixel art, and those with it after the first. */
const PLAIN = 3;
const LATER = 5;
/** Time of a node: the sampler has no steps, since the image is to come back as it is. */
const NODE_MS = 100;
/** Jobs between the looks at memory. */
const JOBS = 20;
const ROUNDS = 5;
const PINGS = 4_000;
/** Jobs that wait, so that one is always under way beside the pings. */
const WAITING = 200;
const SETTLE_MS = 2_000;

/** Pixel art beside pings. */
export const PIXEL: Bench = {
  name: "pixel",
  about: "pixel art of 1024² images: what it adds to a job, to memory, and to pings beside it",
  async run() {
    await using input = await tempDir();
    await Deno.writeFile(`${input.path}/soft.png`, await softImage());
    const firsts: number[] = [];
    const later: number[] = [];
    const plain: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      await using jobs = await openJobs(input.path, NODE_MS);
      const usual = await jobs.repeat(PLAIN, {});
      const added = (took: number) => took - median(usual);
      plain.push(median(usual));
      firsts.push(added(await jobs.finish({ pixel: {} })));
      later.push(...(await jobs.repeat(LATER, { pixel: {} })).map(added));
    }
    // Without time between the images, the pings are beside nothing else.
    await using jobs = await openJobs(input.path, 0);
    const { ours } = jobs;
    await jobs.repeat(JOBS, {});
    const before = await settledBytes(ours.pid);
    await jobs.repeat(JOBS, { pixel: {} });
    const grown = (await settledBytes(ours.pid) - before) / 1e6;
    const idle: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) idle.push(await pingP99(ours.requests));
    for (let job = 0; job < WAITING; job += 1) await jobs.submit({ steps: 1, pixel: {} });
    const beside: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) beside.push(await pingP99(ours.requests));
    return [
      {
        what: `pixel art adds to the first job, median of ${STARTS} starts`,
        ours: time(median(firsts)),
        beside: `plain ${time(median(plain))}`,
        target: "≤120 ms",
        ...atMost(median(firsts), 120),
      },
      {
        what: "pixel art adds to later jobs, p95",
        ours: time(percentile(later, 0.95)),
        beside: `plain ${time(median(plain))}`,
        target: "≤120 ms",
        ...atMost(percentile(later, 0.95), 120),
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

/** A worker on a simulator that gives the image back as it came, and need not paint. */
async function openJobs(inputDir: string, nodeTimeMs: number) {
  await using opening = new AsyncDisposableStack();
  const simulators = opening.use(
    await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["execution_end"],
    }),
  );
  const ours = opening.use(
    await startOurs(["--comfyui-url", ...simulators.urls, "--input-dir", inputDir]),
  );
  const updates = opening.use(await watch(ours));
  const given: Partial<GenerateRequest> = {
    size: [SIDE, SIDE],
    init_image: "soft.png",
    denoise: 0,
    steps: 10,
  };
  let ends = 0;
  const send = (details: Partial<GenerateRequest>) => submit(ours, { ...given, ...details });
  /** Milliseconds from the end of the prompt to that of the job. */
  const finish = async (details: Partial<GenerateRequest>) => {
    const { atMs } = await updates.find(await send(details), "job_complete");
    const end = simulators.seen[ends] ??
      await simulators.find((event) => simulators.seen.indexOf(event) >= ends);
    ends += 1;
    return atMs - end.atMs;
  };
  const open = opening.move();
  return {
    ours,
    submit: send,
    finish,
    async repeat(times: number, details: Partial<GenerateRequest>) {
      const took: number[] = [];
      for (let job = 0; job < times; job += 1) took.push(await finish(details));
      return took;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

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

/** How long an image takes from ComfyUI to the disk and to the client. */

import { encodePng } from "../../../src/images/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { atMost, type Bench, type Figure, short, time } from "../support/figures.ts";
import { submit, watch } from "../support/jobs.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, percentile } from "../support/statistics.ts";

const JOBS = 40;

/** PNGs of about 1 MB: one whose pixels cannot be pressed, and one whose are three times as many bytes. */
const IMAGES: readonly { name: string; side: number; draw: (data: Uint8Array) => void }[] = [
  { name: "noise", side: 584, draw: drawNoise },
  { name: "picture", side: 1_024, draw: drawPicture },
];

/** From the image to `job_complete`. */
export const FINISH: Bench = {
  name: "finish",
  about: "from a finished image on ComfyUI to the file on disk and job_complete, 1 MB",
  async run() {
    await using input = await tempDir();
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["execution_end"],
    });
    await using ours = await startOurs([
      ...["--comfyui-url", ...simulators.urls],
      ...["--input-dir", input.path],
    ]);
    await using updates = await watch(ours);
    const figures: Figure[] = [];
    for (const { name, side, draw } of IMAGES) {
      const data = new Uint8Array(side * side * 3);
      draw(data);
      const png = await encodePng({ width: side, height: side, channels: 3, data });
      await Deno.writeFile(`${input.path}/${name}.png`, png);
      const took: number[] = [];
      const sizes: number[] = [];
      for (let job = 0; job < JOBS; job += 1) {
        const before = simulators.seen.length;
        const id = await submit(ours, {
          size: [side, side],
          init_image: `${name}.png`,
          // The simulator then gives the image back as it came, and need not paint.
          denoise: 0,
        });
        const { atMs, update } = await updates.find(id, "job_complete");
        sizes.push((await Deno.stat(String(update["image_path"]))).size);
        const ended = simulators.seen[before] ??
          await simulators.find((event) => simulators.seen.indexOf(event) >= before);
        took.push(atMs - ended.atMs);
      }
      const p95 = percentile(took, 0.95);
      figures.push({
        what: `finished ${name} (${short(median(sizes) / 1e6)} MB) → job_complete, p95`,
        ours: time(p95),
        beside: `p50 ${time(median(took))}`,
        target: "≤20 ms",
        ...atMost(p95, 20),
      });
    }
    return figures;
  },
};

function drawNoise(data: Uint8Array): void {
  for (let at = 0; at < data.length; at += 65_536) {
    crypto.getRandomValues(data.subarray(at, at + 65_536));
  }
}

/** Colours that go over into each other, with a little grain. */
function drawPicture(data: Uint8Array): void {
  drawNoise(data);
  for (let at = 0; at < data.length; at += 1) data[at] = 100 + (at >> 15) + data[at]! % 4;
}

/** How long an image takes from ComfyUI to the disk and to the client. */

import { encodePng } from "../../../src/images/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { atMost, type Bench, short, time } from "../support/figures.ts";
import { submit, watch } from "../support/jobs.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { median, percentile } from "../support/statistics.ts";

const JOBS = 40;
/** Side of an image of noise that is a PNG of about 1 MB. */
const SIDE = 584;

/** From the image to `job_complete`. */
export const FINISH: Bench = {
  name: "finish",
  about: "from a finished image on ComfyUI to the file on disk and job_complete, 1 MB",
  async run() {
    await using input = await tempDir();
    await Deno.writeFile(`${input.path}/noise.png`, await noise());
    await using simulators = await startSimulators({
      simulator: { stepTimeMs: 0, nodeTimeMs: 0, loadTimeMs: 0, historyGapMs: 0 },
      tell: ["execution_end"],
    });
    await using ours = await startOurs([
      ...["--comfyui-url", ...simulators.urls],
      ...["--input-dir", input.path],
    ]);
    await using updates = await watch(ours);
    const took: number[] = [];
    const sizes: number[] = [];
    for (let job = 0; job < JOBS; job += 1) {
      const id = await submit(ours, {
        size: [SIDE, SIDE],
        init_image: "noise.png",
        // The simulator then gives the image back as it came, and need not paint.
        denoise: 0,
      });
      const { atMs, update } = await updates.find(id, "job_complete");
      sizes.push((await Deno.stat(String(update["image_path"]))).size);
      const ended = simulators.seen[job] ??
        await simulators.find((event) => simulators.seen.indexOf(event) >= job);
      took.push(atMs - ended.atMs);
    }
    const p95 = percentile(took, 0.95);
    return [{
      what: `finished image (${short(median(sizes) / 1e6)} MB) → job_complete, p95`,
      ours: time(p95),
      beside: "",
      target: "≤20 ms",
      ...atMost(p95, 20),
    }];
  },
};

/** An image that does not compress. */
async function noise(): Promise<Uint8Array> {
  const data = new Uint8Array(SIDE * SIDE * 4);
  for (let at = 0; at < data.length; at += 65_536) {
    crypto.getRandomValues(data.subarray(at, at + 65_536));
  }
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return await encodePng({ width: SIDE, height: SIDE, channels: 4, data });
}

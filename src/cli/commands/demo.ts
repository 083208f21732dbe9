/** `demo`: the whole way once, on the embedded simulator, with nothing else installed. */

import { connect, type GenerateParams } from "../../client/mod.ts";
import { loadConfig } from "../../config/mod.ts";
import { createLogger } from "../../log.ts";
import { startIsolatedSimulator } from "../../simulator/mod.ts";
import { startWorker } from "../../worker/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { describePixel } from "../job_facts.ts";
import { createProgressLine } from "../generate/progress_line.ts";

/** Options of the command. */
export interface DemoOptions {
  /** What to generate. */
  prompt: string;
  /** Where the image goes. */
  outputDir: string;
  /** Seed of the image. */
  seed?: number;
  /** What the figure is to do, for an animation in place of an image. */
  cycle?: NonNullable<GenerateParams["cycle"]>;
  /** Whether to make pixel art of what a diffusion model would have made. */
  pixel?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runDemo(options: DemoOptions, io: Io): Promise<number> {
  const { prompt, outputDir } = options;
  const logger = createLogger({ level: "warn", format: "human", write: (line) => io.err(line) });
  await using simulator = await startIsolatedSimulator({
    stepTimeMs: 60,
    previewMethod: "latent2rgb",
    painting: options.pixel === true ? "diffusion" : "pixels",
  });
  const { config } = await loadConfig({
    flags: {
      "req-addr": "tcp://127.0.0.1:0",
      "pub-addr": "tcp://127.0.0.1:0",
      "comfyui-url": [simulator.url],
      "output-dir": outputDir,
      db: ":memory:",
    },
    env: () => undefined,
  });
  await using worker = await startWorker({ config, logger });
  await using client = await connect({
    reqAddress: worker.reqAddress,
    pubAddress: worker.pubAddress,
  });
  const [model] = (await client.models()).filter((entry) => entry.model_type === "checkpoint");
  io.out(`Generating "${prompt}" on the embedded ComfyUI simulator\n`);
  using interrupted = io.onStopSignal(() => void job.cancel().catch(() => {}));
  const job = client.generate(demoRequest(options, model?.name ?? ""));
  const line = createProgressLine(io);
  for await (const update of job.updates()) {
    if (update.type === "progress") line.show(update);
  }
  line.end();
  interrupted satisfies Disposable;
  const result = await job.result;
  io.out(`Seed ${result.seed}, ${result.durationS.toFixed(1)} s\n`);
  io.out(`Image: ${result.imagePath}\n`);
  for (const path of result.animationPaths) io.out(`       ${path}\n`);
  for (const found of result.pixel ?? []) {
    const others = result.imagePaths.slice(1).filter((path) =>
      /(?:@\d+x|_original)\.\w+$/.test(path)
    );
    io.out(`${describePixel(found)}\n${others.map((path) => `       ${path}\n`).join("")}`);
  }
  return EXIT.ok;
}

/** An image at a size that its workflow is made for, or eight frames of a small figure. */
function demoRequest({ prompt, seed, cycle, pixel }: DemoOptions, model: string): GenerateParams {
  const common = {
    prompt,
    model,
    steps: 25,
    cfg_scale: 9,
    ...(seed === undefined ? {} : { seed }),
    ...(pixel === true ? { pixel: { keep_original: true, scale: [8] } } : {}),
  };
  return cycle === undefined
    ? { ...common, workflow: "pixel_art_workflow", size: [1024, 1024] }
    : { ...common, size: [128, 128], animation_frames: 8, cycle };
}

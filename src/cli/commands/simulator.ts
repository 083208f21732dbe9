/** `simulator`: the embedded ComfyUI as a server of its own. */

import { type ProfileName, startSimulator } from "../../simulator/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Options of the command. */
export interface SimulatorCommandOptions {
  /** Port to listen on. */
  port: number;
  /** Version to imitate; checked by the simulator. */
  profile: string;
  /** Time of one sampler step in milliseconds. */
  stepTime?: number;
  /** Time to load a model in milliseconds. */
  loadTime?: number;
  /** Whether to send previews. */
  previews?: boolean;
  /** Whether images look as if a diffusion model had made them. */
  diffusion?: boolean;
}

/** Runs the command; resolves with its exit code when it was told to stop. */
export async function runSimulator(options: SimulatorCommandOptions, io: Io): Promise<number> {
  const stopped = Promise.withResolvers<void>();
  using _signals = io.onStopSignal(() => stopped.resolve());
  await using simulator = await startSimulator({
    port: options.port,
    profile: options.profile as ProfileName,
    ...(options.stepTime === undefined ? {} : { stepTimeMs: options.stepTime }),
    ...(options.loadTime === undefined ? {} : { loadTimeMs: options.loadTime }),
    previewMethod: options.previews === true ? "latent2rgb" : "none",
    painting: options.diffusion === true ? "diffusion" : "pixels",
  });
  io.out(
    `ComfyUI simulator (as version ${options.profile}) on ${simulator.url}; Ctrl-C stops it\n`,
  );
  await stopped.promise;
  return EXIT.ok;
}

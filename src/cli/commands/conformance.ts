/** `conformance`: shows by trial that the worker and a ComfyUI server survive faults together. */

import {
  type ConformanceOptions,
  hasPassed,
  renderLine,
  renderTable,
  runConformance,
} from "../../conformance/mod.ts";
import { ConfigError } from "../../errors.ts";
import { createLogger } from "../../log.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Options of the command; either a server or the simulator. */
export interface ConformanceCommandOptions {
  /** The server to test with. */
  comfyuiUrl?: string;
  /** Whether to test with the embedded simulator. */
  simulate?: boolean;
  /** Checkpoint to generate with. */
  model?: string;
  /** Whether to show the log of the workers. */
  verbose?: boolean;
}

/** Runs the command; resolves with its exit code. */
export async function runConformanceCommand(
  options: ConformanceCommandOptions,
  io: Io,
): Promise<number> {
  const { model, verbose = false } = options;
  const target = chooseTarget(options);
  const stopping = new AbortController();
  using _signals = io.onStopSignal((signal) => stopping.abort(new Error(`Stopped by ${signal}`)));
  const level = verbose ? "debug" : "error";
  const logger = createLogger({ level, format: "human", write: (line) => io.err(line) });
  const report: ConformanceOptions = {
    target,
    onServer: (description) => io.out(`${description}\n`),
    onResult: (result) => io.out(`${renderLine(result)}\n`),
    logger,
    signal: stopping.signal,
  };
  try {
    const results = await runConformance(model === undefined ? report : { ...report, model });
    io.out(`\n${renderTable(results)}`);
    return results.every(hasPassed) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    io.err("Stopped; no result\n");
    return EXIT.failed;
  }
}

function chooseTarget({ comfyuiUrl, simulate }: ConformanceCommandOptions) {
  if (simulate !== true && comfyuiUrl !== undefined) {
    return { type: "server", url: comfyuiUrl } as const;
  }
  if (simulate === true && comfyuiUrl === undefined) return { type: "simulator" } as const;
  throw new ConfigError("usage", "Give either --comfyui-url or --simulate");
}

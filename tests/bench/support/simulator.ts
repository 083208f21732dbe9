/** ComfyUI simulators in a process of their own, which tells when it saw what. */

import type { SimulatorEvent, SimulatorOptions } from "../../../src/simulator/mod.ts";
import { type Child, startChild } from "./child.ts";

/** Something that a simulator saw, and when on the clock of `wallMs()`. */
export type Seen = SimulatorEvent & {
  atMs: number;
  server: number;
  /** The job that a prompt is of, if its text names it. */
  jobId?: string;
};

/** What is started. */
export interface SimulatorsOptions {
  /** How many. @default {1} */
  servers?: number;
  /** How they are. To paint previews costs one 40 ms, so by default it sends the same one each time. */
  simulator?: SimulatorOptions;
  /** Types of events to be told of. */
  tell?: readonly SimulatorEvent["type"][];
}

/** Running simulators. */
export interface Simulators extends AsyncDisposable {
  /** Their addresses. */
  readonly urls: readonly string[];
  /** Process id. */
  readonly pid: number;
  /** All that was told of so far. */
  readonly seen: readonly Seen[];
  /** Resolves with the first event that fits, past or to come. */
  find(fits: (event: Seen) => boolean): Promise<Seen>;
}

const PROGRAM = new URL("./simulator_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** Starts simulators. */
export async function startSimulators(options: SimulatorsOptions = {}): Promise<Simulators> {
  const child = startChild(Deno.execPath(), [
    "run",
    "--quiet",
    `--config=${CONFIG}`,
    "--allow-net=127.0.0.1",
    "--allow-read",
    PROGRAM,
    JSON.stringify({ ...options, simulator: { previewMethod: "still", ...options.simulator } }),
  ]);
  const { urls } = await child.next<{ urls: string[] }>();
  const seen: Seen[] = [];
  let change = Promise.withResolvers<void>();
  const reading = readAll(child, (event) => {
    seen.push(event);
    change.resolve();
    change = Promise.withResolvers();
  });
  return {
    urls,
    pid: child.pid,
    seen,
    async find(fits) {
      for (let next = 0;; next += 1) {
        while (seen[next] === undefined) await change.promise;
        const event = seen[next];
        if (event !== undefined && fits(event)) return event;
      }
    },
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await reading;
    },
  };
}

async function readAll(child: Child, take: (event: Seen) => void): Promise<void> {
  try {
    for (;;) take(await child.next<Seen>());
  } catch {
    // It has ended.
  }
}

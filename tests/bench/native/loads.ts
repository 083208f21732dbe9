/** What the drivers are told to do: lines `{"jobs", "steps"}` on standard input, each answered by a line. */

import { lineSplitter } from "../support/child.ts";
import type { Job } from "./lane.ts";

/** Runs so many jobs of so many steps to their ends, load after load. */
export async function runLoads(run: (jobs: Job[]) => Promise<void>): Promise<void> {
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(lineSplitter());
  for await (const line of lines) {
    const { jobs, steps } = JSON.parse(line);
    await run(Array.from({ length: jobs }, () => ({ id: crypto.randomUUID(), steps, images: [] })));
    tell("done");
  }
}

/** Prints a line. */
export function tell(value: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

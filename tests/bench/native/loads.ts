/** What the drivers are told to do: lines `{"jobs", "steps"}` on standard input, each answered by a line. */

import type { Job } from "./lane.ts";

/** Runs so many jobs of so many steps to their ends, load after load. */
export async function runLoads(run: (jobs: Job[]) => Promise<void>): Promise<void> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { jobs, steps } = JSON.parse(line);
      await run(
        Array.from({ length: jobs }, () => ({ id: crypto.randomUUID(), steps, images: [] })),
      );
      tell("done");
    }
  }
}

/** Prints a line. */
export function tell(value: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

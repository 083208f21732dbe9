/** The process of `simulator.ts`: prints its addresses, then a line for each event that it is asked for. */

import { type SimulatorEvent, startSimulator } from "../../../src/simulator/mod.ts";
import { wallMs } from "./clock.ts";
import type { SimulatorsOptions } from "./simulator.ts";

const { servers = 1, simulator = {}, tell = [] }: SimulatorsOptions = JSON.parse(
  Deno.args[0] ?? "{}",
);
const encoder = new TextEncoder();
const running = await Promise.all(
  Array.from({ length: servers }, () => startSimulator(simulator)),
);
print({ urls: running.map(({ url }) => url) });

for (const [server, { when, record }] of running.entries()) {
  for (const type of tell) follow(server, type, when.bind(running[server]), record);
}

/** Asks for the next one from within the same event, so that none is missed. */
async function follow(
  server: number,
  type: NonNullable<SimulatorsOptions["tell"]>[number],
  when: (typeof running)[number]["when"],
  record: (typeof running)[number]["record"],
): Promise<never> {
  for (let since = 0;;) {
    const event = await when(type, undefined, { since });
    const atMs = wallMs();
    since = record.events.indexOf(event) + record.total - record.events.length + 1;
    print({ ...event, atMs, server, jobId: jobOf(event, record) });
  }
}

function jobOf(
  event: SimulatorEvent,
  { prompts }: (typeof running)[number]["record"],
): string | undefined {
  if (event.type !== "prompt_received") return undefined;
  const prompt = prompts.findLast(({ promptId }) => promptId === event.promptId);
  return /\bjob-[0-9a-f-]{36}\b/.exec(JSON.stringify(prompt?.body) ?? "")?.[0];
}

function print(value: unknown): void {
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(value)}\n`));
}

/** How soon after its start the worker answers. */

import { startTask } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { encodeRequest } from "../../../src/protocol/mod.ts";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { startBare } from "../support/bare.ts";
import { atMost, type Bench, time } from "../support/figures.ts";
import { wait } from "../support/jobs.ts";
import { startSimulators } from "../support/simulator.ts";
import { alternate, median, ratio } from "../support/statistics.ts";

const ROUNDS = 9;
const PING = encodeRequest({ type: "ping" });

/** From the start of the process to the first answer. */
export const START: Bench = {
  name: "start",
  about: "from the start to the first pong",
  async run() {
    await using dir = await tempDir();
    await using simulators = await startSimulators();
    const url = simulators.urls[0] ?? "";
    const { ours, bare } = await alternate<"ours" | "bare", number>(ROUNDS, {
      ours: () => firstAnswer((address) => startWorkerAt(address, dir.path, url)),
      bare: () => firstAnswer(startBare),
    });
    return [{
      what: "start → first pong",
      ours: time(median(ours)),
      beside: `bare script ${time(median(bare))}`,
      target: "≤1.2×bare",
      ...atMost(ratio(ours, bare), 1.2),
    }];
  },
};

function startWorkerAt(address: string, dir: string, url: string): AsyncDisposable {
  const { port } = new URL(address.replace("tcp:", "http:"));
  return startTask("worker", [
    ...["--req-addr", address, "--pub-addr", `tcp://127.0.0.1:0`],
    ...["--db", `${dir}/${port}.db`, "--output-dir", `${dir}/output`],
    ...["--comfyui-url", url],
  ], { cwd: dir });
}

async function firstAnswer(start: (address: string) => AsyncDisposable): Promise<number> {
  const port = freePort();
  const began = performance.now();
  await using _process = start(`tcp://127.0.0.1:${port}`);
  await listens(port);
  await using client = await zmqTransport().connectRequests(`tcp://127.0.0.1:${port}`);
  await client.request(PING, { timeoutMs: 20_000 });
  return performance.now() - began;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** ZeroMQ would look again only every 50 ms. */
async function listens(port: number): Promise<void> {
  for (;;) {
    try {
      using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
      return;
    } catch {
      await wait(2);
    }
  }
}

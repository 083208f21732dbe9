import assert from "node:assert/strict";
import type { ServerState } from "../../src/executor/mod.ts";
import { type ServerWatch, watchServer } from "../../src/sandbox/server.ts";
import { startSimulator } from "../../src/simulator/mod.ts";

Deno.test("watchServer() notices that an idle server goes away, and that it is back", async () => {
  await using simulator = await startSimulator();
  const states = new States();
  await using _server = watch(simulator.url, states);
  assert.equal(await states.next(), "ready");
  await simulator.faults.goDown();
  assert.equal(await states.next(), "unreachable");
  await simulator.faults.comeUp();
  assert.equal(await states.next(), "ready");
});

Deno.test("watchServer() forgives one look that fails, but not two in a row", async () => {
  await using simulator = await startSimulator();
  const states = new States();
  await using server = watch(simulator.url, states);
  assert.equal(await states.next(), "ready");
  simulator.faults.failNext("GET /system_stats", { status: 500, times: 1 });
  const answered = () => simulator.record.requests.get("GET /system_stats") ?? 0;
  const before = answered();
  await simulator.when(
    "request",
    ({ route, status }) => route === "GET /system_stats" && status === 200 && answered() > before,
  );
  assert.equal(server.state, "ready");
  simulator.faults.failNext("GET /system_stats", { status: 500, times: 2 });
  assert.equal(await states.next(), "unreachable");
});

/** The states that a watch tells, one after the other. */
class States {
  readonly #told: ServerState[] = [];
  readonly #waiting: ((state: ServerState) => void)[] = [];

  tell(state: ServerState): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#told.push(state);
    else waiting(state);
  }

  next(): Promise<ServerState> {
    const state = this.#told.shift();
    if (state !== undefined) return Promise.resolve(state);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function watch(url: string, states: States): ServerWatch {
  const setup = {
    serverUrl: url,
    clientId: crypto.randomUUID(),
    outputDir: "/nonexistent",
    modelDirs: {},
    defaultWorkflow: "w",
    filenamePattern: "{job_id}",
    keepPreviews: false,
    maxPreviewsPerSecond: 10,
    maxPreviews: 100,
    progressPerSecond: 60,
    stallTimeoutMs: 1_000,
    allowGlobalInterrupt: false,
  };
  return watchServer(setup, {
    log: () => {},
    onState: (state) => states.tell(state),
    healthMs: 15,
  });
}

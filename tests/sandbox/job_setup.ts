/** What the tests of single jobs share. */

import assert from "node:assert/strict";
import { createAlarm } from "../../src/comfyui/mod.ts";
import type { SandboxSetup } from "../../src/executor/messages.ts";
import type { RunEvent, RunOutcome, RunSpec, ServerState } from "../../src/executor/mod.ts";
import { PostOrder } from "../../src/sandbox/post_order.ts";
import type { JobContext } from "../../src/sandbox/context.ts";
import { runJob } from "../../src/sandbox/job.ts";
import { createInputImages } from "../../src/sandbox/input.ts";
import { createModelIndex } from "../../src/sandbox/models.ts";
import { createNodeIndex } from "../../src/sandbox/nodes.ts";
import { SavedAgain } from "../../src/sandbox/touch.ts";
import { watchServer } from "../../src/sandbox/server.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { loadCatalog } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A simulator, and what runs jobs on it in this very isolate. */
export interface JobSetup extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly context: JobContext;
  readonly dir: string;
  /** Resolves when the health of the server changes. */
  nextState(): Promise<ServerState>;
  /** Runs a job to its end. */
  run(
    fields?: Partial<RunSpec>,
    signal?: AbortSignal,
    onEvent?: (event: RunEvent) => void,
    context?: JobContext,
  ): Promise<{ outcome: RunOutcome; events: RunEvent[]; spec: RunSpec }>;
}

/** Starts all that `runJob()` needs. */
export async function jobSetup(
  options: SimulatorOptions = {},
  setupFields: Partial<SandboxSetup> = {},
): Promise<JobSetup> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const simulator = starting.use(
    await startSimulator({ stepTimeMs: 1, loadTimeMs: 1, nodeTimeMs: 1, ...options }),
  );
  const setup: SandboxSetup = {
    serverUrl: simulator.url,
    clientId: crypto.randomUUID(),
    outputDir: dir.path,
    inputDir: dir.path,
    modelDirs: {},
    defaultWorkflow: "pixel_art_workflow",
    filenamePattern: "{job_id}_{index}",
    keepPreviews: false,
    maxPreviewsPerSecond: 10,
    maxPreviews: 100,
    progressPerSecond: 60,
    stallTimeoutMs: 10_000,
    allowGlobalInterrupt: false,
    ...setupFields,
  };
  let change = Promise.withResolvers<ServerState>();
  const log = () => {};
  const server = starting.use(watchServer(setup, {
    log,
    onState(state) {
      change.resolve(state);
      change = Promise.withResolvers();
    },
  }));
  assert.equal(await change.promise, "ready");
  const catalog = await loadCatalog();
  const models = createModelIndex(server);
  const inputs = createInputImages(setup.inputDir);
  const nodes = createNodeIndex(server);
  const loaded = new Set<string>();
  const order = new PostOrder();
  const again = new SavedAgain();
  const context: JobContext = {
    setup,
    catalog,
    server,
    models,
    inputs,
    nodes,
    loaded,
    again,
    order,
    later: createAlarm(),
    log,
  };
  const running = starting.move();
  return {
    simulator,
    context,
    dir: dir.path,
    nextState: () => change.promise,
    async run(fields = {}, signal = new AbortController().signal, onEvent, other = context) {
      const spec: RunSpec = {
        jobId: "job-1",
        request: generateRequest({ size: [64, 64], steps: 4 }),
        seed: 1,
        promptId: crypto.randomUUID(),
        resumed: false,
        hadStarted: false,
        ...fields,
      };
      const events: RunEvent[] = [];
      const outcome = await runJob(other, spec, {
        signal,
        onEvent: onEvent ?? ((event) => events.push(event)),
      });
      return { outcome, events, spec };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A worker of its own behind a proxy, on files that go away with it. */

import { type Client, connect, type JobHandle } from "../client/mod.ts";
import { loadConfig } from "../config/mod.ts";
import { JobError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../simulator/mod.ts";
import { startWorker } from "../worker/mod.ts";
import { createObserver, type Observer, POST_PROMPT } from "./observer.ts";
import { type FaultProxy, startFaultProxy } from "./proxy.ts";
import { pause } from "./wait.ts";

/** What to run on. */
export type Target =
  /** A simulator, started for the purpose. */
  | { type: "simulator"; options?: SimulatorOptions }
  /** Any ComfyUI server, by its URL. */
  | { type: "server"; url: string };

/** Options of {@linkcode openBench}. */
export interface BenchOptions {
  /** What to run on. */
  target: Target;
  /** Checkpoint to use. @default the first one that the server has */
  model?: string | undefined;
  /** Takes the worker's log lines. @default a logger that drops them */
  logger?: Logger | undefined;
  /** Gives up the start. */
  signal?: AbortSignal | undefined;
}

/** What makes a job long or short. */
export interface JobSize {
  /** Sampler steps. */
  steps: number;
  /** Width and height of the image in pixels. */
  edge: number;
}

/** A worker behind a proxy, warm from a first job that counts nowhere. */
export interface Bench extends AsyncDisposable {
  /** The network between worker and server. */
  readonly proxy: FaultProxy;
  /** The server, if it is ours. */
  readonly simulator: Simulator | undefined;
  /** The server as it sees itself. */
  readonly observer: Observer;
  /** Submits a job. */
  submit(size: JobSize): JobHandle;
  /** Forgets the jobs so far: what follows is told of those from now on. */
  startAnew(): void;
  /** Number of times that the server ran a prompt of the worker, and did not go down meanwhile. */
  countExecutions(): Promise<number>;
}

/** Longest wait until the worker has found its server, in milliseconds. */
const READY_MS = 30_000;

/** Pause between two looks at the worker, in milliseconds. */
const LOOK_MS = 20;

/** The first job: it loads the model, and everything that is loaded when it is first used. */
const WARM_UP: JobSize = { steps: 1, edge: 128 };

/**
 * Starts everything and has the worker do a first job.
 *
 * @throws {ComfyError} if the server is away.
 * @throws {JobError} `unavailable` if the worker does not find it, `model_not_found` if it has none;
 *   or why the first job failed.
 */
export async function openBench(options: BenchOptions): Promise<Bench> {
  await using starting = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "dgx-pixels-conformance-" });
  starting.defer(() => Deno.remove(dir, { recursive: true }));
  const { target, logger, signal } = options;
  const simulator = target.type === "server"
    ? undefined
    : starting.use(await startSimulator(target.options));
  const url = target.type === "server" ? target.url : simulator?.url ?? "";
  const proxy = starting.use(startFaultProxy({ url, keepAnswersOf: [POST_PROMPT] }));
  const observer = starting.use(createObserver(url, proxy));
  await observer.describe(signal);
  const { config } = await loadConfig({
    flags: {
      "req-addr": "tcp://127.0.0.1:0",
      "pub-addr": "tcp://127.0.0.1:0",
      "comfyui-url": [proxy.url],
      "output-dir": `${dir}/output`,
      db: `${dir}/queue.db`,
    },
    env: () => undefined,
  });
  const worker = starting.use(
    await startWorker({ config, ...(logger === undefined ? {} : { logger }) }),
  );
  const { reqAddress, pubAddress } = worker;
  const client = starting.use(await connect({ reqAddress, pubAddress }));
  await untilReady(client, signal);
  const model = options.model ?? await firstCheckpoint(client);
  const submit = ({ steps, edge }: JobSize) =>
    client.generate({
      prompt: "a knight with a round shield",
      model,
      size: [edge, edge],
      steps,
      cfg_scale: 7,
    });
  await submit(WARM_UP).result;
  let before = 0;
  const startAnew = () => {
    observer.startAnew();
    before = simulator?.record.executions.length ?? 0;
  };
  startAnew();
  const running = starting.move();
  return {
    proxy,
    simulator,
    observer,
    submit,
    startAnew,
    countExecutions: () =>
      simulator === undefined
        ? observer.countExecutions()
        : Promise.resolve(countSurviving(simulator, before)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Its record forgets nothing, while its history goes with a restart. */
function countSurviving({ record }: Simulator, before: number): number {
  return record.executions.slice(before).filter((execution) => execution.outcome !== "died").length;
}

async function untilReady(client: Client, signal: AbortSignal | undefined): Promise<void> {
  const giveUpAtMs = performance.now() + READY_MS;
  for (;;) {
    signal?.throwIfAborted();
    const [server] = await client.servers();
    if (server?.state === "ready") return;
    if (performance.now() > giveUpAtMs) {
      const why = server?.error ?? "it does not say why";
      throw new JobError("unavailable", `The worker cannot use the server: ${why}`);
    }
    await pause(LOOK_MS, signal);
  }
}

async function firstCheckpoint(client: Client): Promise<string> {
  const models = await client.models();
  const checkpoint = models.find((model) => model.model_type === "checkpoint");
  if (checkpoint !== undefined) return checkpoint.name;
  throw new JobError("model_not_found", "The server has no checkpoint; give it one to test with");
}

/** Those who answer requests: the worker as its users start it, and what it is measured against. */

import { startTask } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { CONFIG } from "./bare.ts";
import { type Child, startChild } from "./child.ts";
import { nativeProgram, nativeSource, PYTHON } from "./native.ts";

/** Somebody who answers requests. */
export interface Party extends AsyncDisposable {
  /** Process id. */
  readonly pid: number;
  /** Endpoint that takes requests. */
  readonly requests: string;
  /** Endpoint that publishes updates; empty if there is none. */
  readonly updates: string;
  /** Where its images go. */
  readonly outputDir: string;
}

/** Starts the task `worker` as a process of its own, with its rights. */
export async function startOurs(
  args: readonly string[],
  { settings = "", env = {} }: { settings?: string; env?: Record<string, string> } = {},
): Promise<Party> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const config = `${dir.path}/config.yaml`;
  if (settings !== "") await Deno.writeTextFile(config, settings);
  const program = starting.use(startTask("worker", [
    ...(settings === "" ? [] : ["--config", config]),
    ...["--req-addr", "tcp://127.0.0.1:0", "--pub-addr", "tcp://127.0.0.1:0"],
    ...["--db", `${dir.path}/queue.db`, "--output-dir", `${dir.path}/output`],
    ...args,
  ], { cwd: dir.path, env }));
  const ready = await program.logged("Worker ready");
  if (ready === undefined) {
    throw new Error(`The worker did not start: ${(await program.ended).stderr}`);
  }
  await program.logged("ComfyUI is ready");
  const running = starting.move();
  return {
    pid: program.pid,
    requests: String(ready["requests"]),
    updates: String(ready["updates"]),
    outputDir: `${dir.path}/output`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Starts **P**, the least that a worker in Python does. */
export function startPython(): Promise<Party> {
  return listening(startChild(PYTHON, [nativeSource("reply_loop.py")]));
}

/** Starts **C**, the floor; `undefined` where it cannot be compiled. */
export async function startC(): Promise<Party | undefined> {
  const program = await nativeProgram("echo");
  return program === undefined ? undefined : await listening(startChild(program, []));
}

/** Starts **poll**, the worker that looks at ComfyUI every 100 ms. */
export function startPoll(comfyuiUrl: string): Promise<Party> {
  return inFolder((dir) => startChild(PYTHON, [nativeSource("poll_worker.py"), comfyuiUrl, dir]));
}

/** Starts the **floor**, the least that a worker of this make is. */
export function startFloor(comfyuiUrls: readonly string[]): Promise<Party> {
  return inFolder((dir) =>
    startChild(Deno.execPath(), [
      ...["run", "--quiet", "--no-prompt", `--config=${CONFIG}`, "--allow-net=127.0.0.1"],
      ...["--allow-read", "--allow-write", "--allow-ffi"],
      ...[nativeSource("floor/driver.ts"), dir, ...comfyuiUrls],
    ])
  );
}

/** Starts somebody who keeps files. */
async function inFolder(start: (dir: string) => Child): Promise<Party> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const party = await listening(starting.use(start(dir.path)));
  const running = starting.move();
  return {
    ...party,
    outputDir: dir.path,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listening(child: Child): Promise<Party> {
  const { address, updates = "" } = await child.next<{ address: string; updates?: string }>();
  return {
    pid: child.pid,
    requests: address,
    updates,
    outputDir: "",
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

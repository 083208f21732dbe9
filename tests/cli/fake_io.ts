/** A command line without a process: what it writes can be read, and signals and keys can be sent. */

import { type Io, runCli } from "../../src/cli/mod.ts";

/** What the world is like for a command. */
export interface FakeIoOptions {
  /** Environment variables. @default {{}} */
  env?: Record<string, string>;
  /** Width of the terminal. @default {100} */
  columns?: number;
  /** Whether standard output and error are a terminal. @default {false} */
  terminal?: boolean;
  /** What the terminal answers when it is asked something. @default {nothing} */
  answer?: string;
  /** Free space of the disk in bytes. @default {1e12} */
  freeBytes?: number;
}

/** A command that runs. */
export interface Running {
  /** Its exit code. */
  readonly code: Promise<number>;
  /** What it has written to standard output so far. */
  stdout(): string;
  /** What it has written to standard error so far. */
  stderr(): string;
  /** Standard output as lines of JSON. */
  json(): Record<string, unknown>[];
  /** Resolves when it has written something that matches, to either; rejects if it ends without. */
  wrote(pattern: RegExp): Promise<void>;
  /** Sends a signal. */
  signal(signal?: "SIGINT" | "SIGTERM"): void;
  /** Presses a key. */
  press(key: string): void;
}

/** Starts a command. */
export function start(args: readonly string[], options: FakeIoOptions = {}): Running {
  const { env = {}, columns = 100, terminal = false, answer, freeBytes = 1e12 } = options;
  const written = { out: "", err: "" };
  const stopListeners = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  const keyListeners = new Set<(key: string) => void>();
  let change = Promise.withResolvers<void>();
  let ended = false;
  const ring = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  const write = (stream: "out" | "err", text: string) => {
    written[stream] += text;
    ring();
  };
  const io: Io = {
    out: (text) => write("out", text),
    err: (text) => write("err", text),
    outIsTerminal: terminal,
    errIsTerminal: terminal,
    columns: () => columns,
    rows: () => 24,
    env: (name) => env[name],
    onStopSignal: (listener) => listen(stopListeners, listener),
    onKey: (listener) => terminal ? listen(keyListeners, listener) : undefined,
    askTerminal: (_question, pattern) =>
      Promise.resolve(terminal && pattern.test(answer ?? "") ? answer : undefined),
    freeBytes: () => Promise.resolve(freeBytes),
    onHangup: () => ({ [Symbol.dispose]() {} }),
    openLog: () => Promise.reject(new Error("No command here opens a log")),
    giveUp() {},
    endAtOnce() {},
  };
  const code = runCli(args, io).finally(() => {
    ended = true;
    ring();
  });
  return {
    code,
    stdout: () => written.out,
    stderr: () => written.err,
    json: () => written.out.trim().split("\n").map((line) => JSON.parse(line)),
    async wrote(pattern) {
      while (!pattern.test(written.out) && !pattern.test(written.err)) {
        if (ended) throw new Error(`Ended without ${pattern}: ${written.out}${written.err}`);
        await change.promise;
      }
    },
    signal: (signal = "SIGINT") => stopListeners.forEach((listener) => listener(signal)),
    press: (key) => keyListeners.forEach((listener) => listener(key)),
  };
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  options: FakeIoOptions = {},
): Promise<Running & { exitCode: number }> {
  const running = start(args, options);
  return { ...running, exitCode: await running.code };
}

/** The flags that lead to a worker. */
export function addressFlags(worker: { reqAddress: string; pubAddress: string }): string[] {
  return ["--req-addr", worker.reqAddress, "--pub-addr", worker.pubAddress];
}

/** The flags that lead nowhere. */
export const NOBODY: readonly string[] = [
  "--req-addr=tcp://127.0.0.1:9",
  "--pub-addr=tcp://127.0.0.1:10",
  "--timeout=0.05",
];

function listen<T>(listeners: Set<T>, listener: T): Disposable {
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

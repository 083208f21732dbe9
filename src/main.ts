/** The process: arguments in, exit code out. */

import { type Io, runCli } from "./cli/mod.ts";
import type { LogOutput } from "./cli/log_sink.ts";
import { readProcessEnv } from "./config/mod.ts";

const encoder = new TextEncoder();

/** A closed pipe (`demo | head -1`) is no reason to crash. */
function write(stream: typeof Deno.stdout, text: string): void {
  try {
    let rest = encoder.encode(text);
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Standard error may be a terminal where standard output is a pipe. */
function terminalSize(): ReturnType<typeof Deno.consoleSize> | undefined {
  return Deno.stdout.isTerminal() || Deno.stderr.isTerminal() ? Deno.consoleSize() : undefined;
}

/** Whether a read of standard input is under way, which nothing but a key can end. */
let isReadingKeys = false;

function onKey(listener: (key: string) => void): Disposable | undefined {
  if (!Deno.stdin.isTerminal()) return undefined;
  let isOver = false;
  Deno.stdin.setRaw(true);
  void readKeys((key) => !isOver && listener(key), () => isOver);
  return {
    [Symbol.dispose]() {
      isOver = true;
      Deno.stdin.setRaw(false);
    },
  };
}

async function readKeys(listener: (key: string) => void, isOver: () => boolean): Promise<void> {
  const buffer = new Uint8Array(64);
  while (!isOver()) {
    isReadingKeys = true;
    const length = await Deno.stdin.read(buffer);
    isReadingKeys = false;
    if (length === null) return;
    listener(new TextDecoder().decode(buffer.subarray(0, length)));
  }
}

/** Without the terminal's echo, or the answer would be shown; Ctrl-C stays a signal. */
async function askTerminal(
  question: string,
  answer: RegExp,
  timeoutMs: number,
): Promise<string | undefined> {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  Deno.stdin.setRaw(true, { cbreak: true });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  let isOver = false;
  let heard = "";
  void readKeys((keys) => {
    heard += keys;
    const [match] = answer.exec(heard) ?? [];
    if (match === undefined) return;
    isOver = true;
    resolve(match);
  }, () => isOver);
  write(Deno.stdout, question);
  try {
    return await promise;
  } finally {
    isOver = true;
    clearTimeout(timer);
    Deno.stdin.setRaw(false);
  }
}

async function freeBytes(path: string): Promise<number> {
  // Deno has no API of its own for the free space of a disk, and loading Node's takes time.
  const { statfs } = await import("node:fs/promises");
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Whether the process shall not wait for what is still under way. */
let isInHurry = false;

/** Writes to a log that are under way; one that nobody reads, or a disk that hangs, never ends. */
let logWrites = 0;

async function openLog(path: string | undefined): Promise<LogOutput> {
  const file = path === undefined
    ? undefined
    : await counted(() => Deno.open(path, { create: true, append: true }));
  const stream = file ?? Deno.stderr;
  return {
    write: (bytes) => counted(() => stream.write(bytes)),
    [Symbol.dispose]: () => file?.close(),
  };
}

async function counted<T>(work: () => Promise<T>): Promise<T> {
  logWrites += 1;
  try {
    return await work();
  } finally {
    logWrites -= 1;
  }
}

/** Where the log does not get on, a complaint that waits for it would never end. */
function complain(text: string): void {
  if (logWrites === 0) write(Deno.stderr, text);
}

const io: Io = {
  out: (text) => write(Deno.stdout, text),
  err: complain,
  outIsTerminal: Deno.stdout.isTerminal(),
  errIsTerminal: Deno.stderr.isTerminal(),
  columns: () => terminalSize()?.columns ?? 100,
  rows: () => terminalSize()?.rows ?? 24,
  env: readProcessEnv,
  onKey,
  askTerminal,
  freeBytes,
  onStopSignal(listener) {
    const signals = ["SIGINT", "SIGTERM"] as const;
    const listeners = signals.map((signal) => [signal, () => listener(signal)] as const);
    for (const [signal, listen] of listeners) Deno.addSignalListener(signal, listen);
    return {
      [Symbol.dispose]() {
        for (const [signal, listen] of listeners) Deno.removeSignalListener(signal, listen);
      },
    };
  },
  onHangup(listener) {
    Deno.addSignalListener("SIGHUP", listener);
    return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
  },
  openLog,
  giveUp(rights) {
    for (const name of rights) Deno.permissions.revokeSync({ name });
  },
  endAtOnce: () => void (isInHurry = true),
};

// The process ends by itself, so that sockets can send what they still hold.
Deno.exitCode = await runCli(Deno.args, io);
if (isReadingKeys || isInHurry || logWrites > 0) Deno.exit();

/** The process: arguments in, exit code out. */

import { type Io, runCli } from "./cli/mod.ts";

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

const io: Io = {
  out: (text) => write(Deno.stdout, text),
  err: (text) => write(Deno.stderr, text),
  outIsTerminal: Deno.stdout.isTerminal(),
  errIsTerminal: Deno.stderr.isTerminal(),
  columns: () => Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 100,
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
  openLog(path) {
    const file = Deno.openSync(path, { create: true, append: true });
    return {
      write: (text) => void file.writeSync(encoder.encode(text)),
      [Symbol.dispose]: () => file.close(),
    };
  },
};

// The process ends by itself, so that sockets can send what they still hold.
Deno.exitCode = await runCli(Deno.args, io);

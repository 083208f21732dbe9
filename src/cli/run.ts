/** A command line to an exit code: a worker's on the short way, all others by the library. */

import { explainError } from "./errors.ts";
import type { Io } from "./io.ts";
import { needlessRights } from "./rights.ts";
import { printable } from "./text.ts";
import { workerFlags } from "./worker_flags.ts";

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  try {
    io.giveUp(needlessRights(args));
    const flags = workerFlags(args);
    if (flags !== undefined) {
      const { runWorker } = await import(
        new URL("./commands/worker.ts", import.meta.url).href
      ) as typeof import("./commands/worker.ts");
      return await runWorker(flags, io);
    }
    if (args[0] === "pixelize") {
      // It needs neither sockets nor messages, whose loading takes longer than many an image. What a literal
      // names is read even before it is known whether it will be imported, so there is none here.
      const { runPixelizeLine } = await import(
        new URL("./pixelize/declare.ts", import.meta.url).href
      ) as typeof import("./pixelize/declare.ts");
      return await runPixelizeLine(args, io);
    }
    const { runProgram } = await import(
      new URL("./program.ts", import.meta.url).href
    ) as typeof import("./program.ts");
    return await runProgram(args, io);
  } catch (error) {
    const explained = explainError(error);
    io.err(`error: ${explained.message.split("\n").map(printable).join("\n")}\n`);
    return explained.code;
  }
}

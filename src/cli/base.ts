/** The command line before it has any command. */

import { Command, CommanderError } from "commander";
import { EXIT } from "./errors.ts";
import type { Io } from "./io.ts";
import type { Finish } from "./options.ts";

/** Creates the program, which writes to `io` and never ends the process. */
export function createBase(io: Io): Command {
  return new Command("dgx-pixels")
    .description("Pixel art on ComfyUI: a worker that takes jobs over ZeroMQ, and its tools")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns(),
      getErrHelpWidth: () => io.columns(),
      // Asked of the environment otherwise, which is not for us to read.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .helpCommand(false)
    // So that flags after `worker validate-workflows` are those of the latter.
    .enablePositionalOptions()
    .showHelpAfterError("Try --help")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed or refused, 2 wrong command line, setting or file, 3 nobody answers,\n" +
        "70 a bug in this program, 130 ended by Ctrl-C.",
    );
}

/** Runs a command line on what `add` adds. @throws {Error} what a command throws. */
export async function runBase(
  args: readonly string[],
  io: Io,
  add: (program: Command, finish: Finish) => void,
): Promise<number> {
  let code: number = EXIT.ok;
  const program = createBase(io);
  add(program, (result) => code = result);
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // Commander has said it already; help and version are no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

/**
 * The command line: arguments to one command to an exit code.
 *
 * @module
 */

import { Command, CommanderError, InvalidArgumentError } from "commander";
import { listSettings } from "../config/mod.ts";
import { runDemo } from "./demo_command.ts";
import { EXIT, explainError } from "./errors.ts";
import type { Io } from "./io.ts";
import { runSimulator } from "./simulator_command.ts";
import { runValidate } from "./validate_command.ts";
import { runWorker } from "./worker_command.ts";

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const program = createProgram(io, (result) => code = result);
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // Commander has said it already; help and version are no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const explained = explainError(error);
    io.err(`error: ${explained.message}\n`);
    return explained.code;
  }
}

function createProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command("dgx-pixels")
    .description("Pixel art on ComfyUI: a worker that takes jobs over ZeroMQ, and its tools")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns(),
      getErrHelpWidth: () => io.columns(),
    })
    .helpCommand(false)
    .showHelpAfterError("Try --help");
  addWorker(program, io, finish);
  addDemo(program, io, finish);
  addSimulator(program, io, finish);
  addValidate(program, io, finish);
  return program;
}

function addWorker(program: Command, io: Io, finish: (code: number) => void): void {
  const command = inherit(program, "worker")
    .description("take jobs and run them on ComfyUI until stopped")
    .option("--config <file>", "YAML file with any of the settings");
  for (const setting of listSettings()) {
    if (setting.flag === undefined) continue;
    const flag = `--${setting.flag}`;
    const shown = setting.placeholder === undefined ? flag : `${flag} <${setting.placeholder}>`;
    const preset = setting.default === "" || setting.placeholder === undefined
      ? ""
      : ` (default: ${setting.default})`;
    if (setting.repeatable) command.option(shown, setting.help + preset, collect, []);
    else command.option(shown, setting.help + preset);
  }
  command.addHelpText(
    "after",
    "\nEvery setting can also stand in the file or in a DGX_PIXELS_* variable; a flag goes before a variable,\n" +
      "a variable before the file. SIGINT or SIGTERM lets running jobs finish, a second one stops at once.",
  );
  command.action(async (flags: Record<string, string | boolean | string[]>) => {
    finish(await runWorker(dashed(flags), io));
  });
}

function addDemo(program: Command, io: Io, finish: (code: number) => void): void {
  inherit(program, "demo")
    .description("paint one picture on the embedded simulator and show where it is")
    .argument("[prompt]", "what to paint", "a knight with a round shield")
    .option("--output-dir <path>", "where to put the picture", "./output")
    .option("--seed <number>", "seed of the picture", wholeNumber)
    .action(async (prompt: string, options: { outputDir: string; seed?: number }) => {
      finish(await runDemo({ prompt, ...options }, io));
    });
}

function addSimulator(program: Command, io: Io, finish: (code: number) => void): void {
  inherit(program, "simulator")
    .description("serve an imitation of ComfyUI that needs neither GPU nor models")
    .option("--port <number>", "port to listen on; 0 lets the system choose", wholeNumber, 8188)
    .option(
      "--profile <version>",
      "ComfyUI version to imitate: 0.3.44, 0.3.64, 0.10 or 0.38",
      "0.3.64",
    )
    .option("--step-time <ms>", "time of one sampler step", wholeNumber)
    .option("--load-time <ms>", "time to load a model", wholeNumber)
    .option("--previews", "send preview pictures while sampling")
    .action(async (options: Parameters<typeof runSimulator>[0]) => {
      finish(await runSimulator(options, io));
    });
}

function addValidate(program: Command, io: Io, finish: (code: number) => void): void {
  inherit(program, "validate-workflows")
    .description("tell what is wrong with workflows, one line each")
    .option("--workflow-dir <dir>", "directory of workflows in place of the built-in ones")
    .option("--comfyui-url <url>", "ComfyUI server to compare them with", httpUrl)
    .option("--simulate", "compare them with the embedded simulator")
    .action(async (options: Parameters<typeof runValidate>[0]) => {
      finish(await runValidate(options, io));
    });
}

/** Subcommands made by hand do not take over the parent's settings by themselves. */
function inherit(program: Command, name: string): Command {
  return program.command(name).allowExcessArguments(false).copyInheritedSettings(program);
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function httpUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError("It must be a URL such as http://host:port.");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number.");
}

/** Commander turns `--req-addr` into `reqAddr`; the settings know it as `req-addr`. */
function dashed<T>(flags: Record<string, T>): Record<string, T> {
  const given = Object.entries(flags).filter(([, value]) =>
    !(Array.isArray(value) && value.length === 0)
  );
  return Object.fromEntries(
    given.map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), value]),
  );
}

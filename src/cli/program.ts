/**
 * Every command as the library knows them: arguments to one command to an exit code.
 *
 * @module
 */

import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { CYCLE_NAMES } from "../protocol/limits.ts";
import { wholeNumber } from "./arguments.ts";
import { runBase } from "./base.ts";
import { addClientCommands } from "./client_commands.ts";
import type { Io } from "./io.ts";
import { addSettings, dashed, type Finish, inherit } from "./options.ts";
import type { ConformanceCommandOptions } from "./commands/conformance.ts";
import type { DemoOptions } from "./commands/demo.ts";
import type { DbAction, DbOptions } from "./commands/db.ts";
import type { ServiceOptions } from "./commands/service.ts";
import type { SimulatorCommandOptions } from "./commands/simulator.ts";
import type { TokenOptions } from "./commands/token.ts";
import type { ValidateOptions } from "./commands/validate.ts";
import { runWorker } from "./commands/worker.ts";
import { addPixelize } from "./pixelize/declare.ts";

/** Runs one command line and returns its exit code. @throws {Error} what a command throws. */
export async function runProgram(args: readonly string[], io: Io): Promise<number> {
  return await runBase(args, io, (program, finish) => {
    addClientCommands(program, io, finish);
    addPixelize(program, io, finish);
    addWorker(program, io, finish);
    addDemo(program, io, finish);
    addSimulator(program, io, finish);
    addConformance(program, io, finish);
    addValidate(program, io, finish);
    addKeygen(program, io, finish);
    addToken(program, io, finish);
    addService(program, io, finish);
    addDb(program, io, finish);
    addSchema(program, io, finish);
  });
}

function addWorker(program: Command, io: Io, finish: Finish): void {
  const command = inherit(program, "worker")
    .description("take jobs and run them on ComfyUI until stopped");
  addSettings(command);
  command.addHelpText(
    "after",
    "\nEvery setting can also be given in the file or as a DGX_PIXELS_* variable. A flag overrides a variable,\n" +
      "a variable overrides the file. SIGINT or SIGTERM lets running jobs finish; a second one stops at once.",
  );
  command.action(async (flags: Record<string, string | boolean | string[]>) => {
    finish(await runWorker(dashed(flags), io));
  });
  addValidate(command, io, finish);
}

// The commands below load what they need when they are used: a worker is to start fast.

function addDemo(program: Command, io: Io, finish: Finish): void {
  inherit(program, "demo")
    .description("generate one image on the embedded simulator and print its path")
    .argument("[prompt]", "what to generate", "a knight with a round shield")
    .option("--output-dir <path>", "where to put the image", "./output")
    .option("--seed <number>", "seed of the image", wholeNumber)
    .addOption(
      new Option("--cycle <name>", "generate an animation: what the figure does")
        .choices(CYCLE_NAMES),
    )
    .option(
      "--pixel",
      "imitate a diffusion model's image, and turn it into true pixel art",
    )
    .action(async (prompt: string, options: Omit<DemoOptions, "prompt">) => {
      const { runDemo } = await import("./commands/demo.ts");
      finish(await runDemo({ prompt, ...options }, io));
    });
}

function addSimulator(program: Command, io: Io, finish: Finish): void {
  inherit(program, "simulator")
    .description("serve an imitation of ComfyUI that needs no GPU and no models")
    .option("--port <number>", "port to listen on; 0 lets the system choose", wholeNumber, 8188)
    .option(
      "--profile <version>",
      "ComfyUI version to imitate: 0.3.44, 0.3.64, 0.10, 0.33 or 0.38",
      "0.33",
    )
    .option("--step-time <ms>", "time of one sampler step", wholeNumber)
    .option("--load-time <ms>", "time to load a model", wholeNumber)
    .option("--previews", "send preview images while sampling")
    .option("--diffusion", "paint as diffusion models do: soft, off the grid, noisy")
    .action(async (options: SimulatorCommandOptions) => {
      const { runSimulator } = await import("./commands/simulator.ts");
      finish(await runSimulator(options, io));
    });
}

function addConformance(program: Command, io: Io, finish: Finish): void {
  inherit(program, "conformance")
    .description("test how the worker and a ComfyUI server survive faults together")
    .option("--comfyui-url <url>", "ComfyUI server to test with, plain http; it should be idle")
    .option("--simulate", "test with the embedded simulator instead")
    .option(
      "--model <name>",
      "checkpoint to use (default: the first one found)",
    )
    .option("--verbose", "show the workers' logs")
    .addHelpText(
      "after",
      "\nStarts a worker behind a proxy for each fault, gives it one job of about 2 s, and prints the results as a\n" +
        "table. It does not restart a server that you name, and leaves about a dozen images in its output folder.\n" +
        "The exit code is 0 if every job was done exactly once and in time, else 1.",
    )
    .action(async (options: ConformanceCommandOptions) => {
      const { runConformanceCommand } = await import("./commands/conformance.ts");
      finish(await runConformanceCommand(options, io));
    });
}

function addKeygen(program: Command, io: Io, finish: Finish): void {
  inherit(program, "keygen")
    .description("make a pair of CURVE keys, for the worker or for a client")
    .argument("<name>", "where to put them: NAME.key (public) and NAME.key_secret")
    .addHelpText(
      "after",
      "\nThe worker: --curve-key worker.key_secret --curve-clients DIR, where DIR has each client's NAME.key.\n" +
        "A client: --curve-key me.key_secret --server-key worker.key.",
    )
    .action(async (name: string) => {
      const { runKeygen } = await import("./commands/keygen.ts");
      finish(await runKeygen(name, io));
    });
}

function addDb(program: Command, io: Io, finish: Finish): void {
  inherit(program, "db")
    .description(
      "check the queue's file for damage, back it up or shrink it; list the webhooks given up",
    )
    .addArgument(
      new Argument("<action>", "what to do").choices(
        ["check", "backup", "vacuum", "webhooks"] satisfies DbAction[],
      ),
    )
    .argument("[file]", "where to put the copy")
    .option(
      "--db <file>",
      "SQLite file of the queue, or PostgreSQL URL (default: that of the settings)",
    )
    .option("--config <file>", "YAML file with settings")
    .action(async (action: DbAction, file: string | undefined, options: DbOptions) => {
      const { runDb } = await import("./commands/db.ts");
      finish(await runDb(action, file, options, io));
    });
}

function addService(program: Command, io: Io, finish: Finish): void {
  inherit(program, "service")
    .description("print a systemd unit that keeps the worker running, with few rights")
    .addArgument(new Argument("<action>", "what to do").choices(["print"]))
    .option("--config <file>", "YAML file with settings", "/etc/dgx-pixels/worker.yaml")
    .action(async (_action: string, options: ServiceOptions) => {
      const { runServicePrint } = await import("./commands/service.ts");
      finish(await runServicePrint(options, io));
    });
}

function addToken(program: Command, io: Io, finish: Finish): void {
  inherit(program, "token")
    .description("make a token for HTTP and the line for the tokens file")
    .argument("<name>", "who gets it")
    .addOption(
      new Option("--scope <scope>", "what it allows: admin includes submit, submit includes read")
        .choices(["read", "submit", "admin"]).default("submit"),
    )
    .action(async (name: string, options: TokenOptions) => {
      const { runToken } = await import("./commands/token.ts");
      finish(await runToken(name, options, io));
    });
}

function addSchema(program: Command, io: Io, finish: Finish): void {
  inherit(program, "schema")
    .description("print the messages of the wire protocol as JSON Schema")
    .action(async () => {
      const { runSchema } = await import("./commands/schema.ts");
      finish(runSchema(io));
    });
}

/** As a command, and under `worker` for those who have only that task at hand. */
function addValidate(parent: Command, io: Io, finish: Finish): void {
  inherit(parent, "validate-workflows")
    .description("report what is wrong with workflows, one line each")
    .option("--config <file>", "YAML file with settings")
    .option("--workflow-dir <dir>", "directory of workflows instead of that of the settings")
    .option("--comfyui-url <url>", "ComfyUI server to compare them with", httpUrl)
    .option("--simulate", "compare them with the embedded simulator")
    .action(async (options: ValidateOptions) => {
      const { runValidate } = await import("./commands/validate.ts");
      finish(await runValidate(options, io));
    });
}

function httpUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError("It must be a URL such as http://host:port.");
}

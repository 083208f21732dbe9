/** The declarations of the commands that talk to a worker, or look at its settings. */

import { Argument, type Command, Option } from "commander";
import {
  nameList,
  numberList,
  positiveNumber,
  wholeNumber,
  wholeNumberBetween,
} from "./arguments.ts";
import { runCancel } from "./commands/cancel.ts";
import { runConfig } from "./commands/config.ts";
import { runCompletions, type Shell, SHELLS } from "./commands/completions.ts";
import { addConnectionOptions, addTimeoutOption, type ConnectionOptions } from "./connection.ts";
import { ConfigError } from "../errors.ts";
import { type BatchOptions, runBatch } from "./generate/batch.ts";
import { type GenerateOptions, runGenerate } from "./generate/command.ts";
import type { GenerateValues } from "./generate/field.ts";
import { addGenerateOptions, generateValues } from "./generate/options.ts";
import { runHealth } from "./commands/health.ts";
import { type ImageOptions, runImage } from "./commands/image.ts";
import type { Io } from "./io.ts";
import { runJob } from "./commands/job.ts";
import { JOB_STATES, runJobs } from "./commands/jobs.ts";
import { runModels } from "./commands/models.ts";
import { addSettings, dashed, type Finish, inherit } from "./options.ts";
import { runPing } from "./commands/ping.ts";
import {
  type Action,
  ACTIONS,
  type Drainable,
  type DrainableOptions,
  runDrainable,
} from "./commands/drainable.ts";
import { SERVERS } from "./commands/servers.ts";
import { runStatus } from "./commands/status.ts";
import { runWatch, type WatchOptions } from "./commands/watch.ts";
import { WORKERS } from "./commands/workers.ts";

/** Adds the commands. */
export function addClientCommands(program: Command, io: Io, finish: Finish): void {
  addGenerate(program, io, finish);
  addJobs(program, io, finish);
  addImage(program, io, finish);
  addServers(program, io, finish);
  addQuestions(program, io, finish);
  addWatch(program, io, finish);
  addHealth(program, io, finish);
  addConfig(program, io, finish);
  addCompletions(program, io, finish);
}

function addGenerate(program: Command, io: Io, finish: Finish): void {
  const command = asking(program, "generate", "generate images and print their paths")
    .argument("[prompt]", "what to show");
  addGenerateOptions(command)
    .option(
      "--count <number>",
      "number of jobs, each with its own seed",
      wholeNumberBetween(1, 1_000),
      1,
    )
    .option("--id <id>", "id of the job (default: from the prompt, with a number)")
    .option("--contact-sheet <file>", "PNG file for the images of all jobs, side by side")
    .option(
      "--compare <models>",
      "compare two or more models: the same job with each, side by side in a PNG file",
      nameList,
    )
    .addOption(
      new Option("--show <when>", "when to show images in the terminal")
        .choices(["auto", "always", "never"]).default("auto"),
    )
    .option("--from <file>", "generate every entry of a .csv, .jsonl or .yaml file, each once")
    .option(
      "--parallel <number>",
      "most jobs of a file under way at once",
      wholeNumberBetween(1, 64),
      16,
    )
    .option("--retry-failed", "retry jobs of a file that failed in an earlier run")
    .option("--force", "generate even those entries of a file that are done")
    .option("--only <numbers>", "only these lines of a file, such as 3 or 3,7-9", numberList)
    .action(async (prompt: string | undefined, options: GenerateFlags) => {
      finish(await generate(prompt, options, generateValues(command.opts()), io));
    });
}

type GenerateFlags = Omit<GenerateOptions, "values"> & Omit<BatchOptions, "values" | "from"> & {
  from?: string;
};

function generate(
  prompt: string | undefined,
  { from, id, compare, contactSheet, ...options }: GenerateFlags,
  values: GenerateValues,
  io: Io,
): Promise<number> {
  const one = {
    ...(id === undefined ? {} : { id }),
    ...(compare === undefined ? {} : { compare }),
    ...(contactSheet === undefined ? {} : { contactSheet }),
  };
  if (prompt !== undefined && from === undefined) {
    return runGenerate({ ...options, ...one, values: { ...values, prompt } }, io);
  }
  if (prompt === undefined && from !== undefined && Object.keys(one).length === 0) {
    return runBatch({ ...options, values, from }, io);
  }
  throw new ConfigError(
    "usage",
    "Give either a prompt or --from; --id, --compare and --contact-sheet go with a prompt, a file can " +
      "have its own ids",
  );
}

function addJobs(program: Command, io: Io, finish: Finish): void {
  asking(program, "cancel", "cancel jobs, waiting or running")
    .argument("<id...>", "ids of the jobs")
    .action(async (ids: string[], options: Parameters<typeof runCancel>[1]) => {
      finish(await runCancel(ids, options, io));
    });
  asking(program, "jobs", "list jobs, newest first")
    .addOption(
      new Option("--state <state>", "only jobs in this state").choices(JOB_STATES),
    )
    .option("--limit <number>", "most jobs to list", wholeNumberBetween(1, 1_000_000), 20)
    .action(async (options: Parameters<typeof runJobs>[0]) => {
      finish(await runJobs(options, io));
    });
  asking(program, "job", "show all that is known of one job")
    .argument("<id>", "id of the job")
    .action(async (id: string, options: Parameters<typeof runJob>[1]) => {
      finish(await runJob(id, options, io));
    });
}

function addServers(program: Command, io: Io, finish: Finish): void {
  const of = <One>(drainable: Drainable<One>, all: string) =>
    asking(
      program,
      `${drainable.what}s`,
      `list the ${all}; drain keeps new jobs from one, resume ends that`,
    )
      .addArgument(new Argument("[action]", "what to do with one").choices(ACTIONS))
      .argument("[name]", `name of the ${drainable.what}`)
      .action(
        async (
          action: Action | undefined,
          name: string | undefined,
          options: DrainableOptions,
        ) => {
          finish(await runDrainable(drainable, action, name, options, io));
        },
      );
  of(SERVERS, "ComfyUI servers");
  of(WORKERS, "workers that share the queue");
}

function addImage(program: Command, io: Io, finish: Finish): void {
  addConnectionOptions(
    inherit(program, "image").description(
      "fetch an image of a finished job, also from another machine",
    ),
  )
    .argument("<id>", "id of the job")
    .argument("[file]", "where to put it (default: from the id)")
    .option("--index <number>", "which of its images, from 0", wholeNumber, 0)
    .action(async (id: string, file: string | undefined, options: ImageOptions) => {
      finish(await runImage(id, file, options, io));
    });
}

function addQuestions(program: Command, io: Io, finish: Finish): void {
  asking(program, "models", "list the models that can be named")
    .option(
      "--all",
      "also those that only a workflow can name: text encoders, ControlNets and more",
    )
    .action(async (options: Parameters<typeof runModels>[0]) => {
      finish(await runModels(options, io));
    });
  asking(program, "status", "show the state of the worker and its ComfyUI servers")
    .action(async (options: Parameters<typeof runStatus>[0]) => {
      finish(await runStatus(options, io));
    });
  asking(program, "ping", "show whether the worker answers, and how fast")
    .action(async (options: Parameters<typeof runPing>[0]) => {
      finish(await runPing(options, io));
    });
  addConnectionOptions(inherit(program, "mcp"))
    .description("serve the worker's tools to an agent (MCP) over standard input and output")
    .action(async (options: ConnectionOptions) => {
      // Only this command pays for loading it.
      const { runMcp } = await import("./commands/mcp.ts");
      finish(await runMcp(options, io));
    });
}

function addWatch(program: Command, io: Io, finish: Finish): void {
  addConnectionOptions(
    inherit(program, "watch").description("show all jobs and servers on a live screen"),
  )
    .option("--interval <seconds>", "time between updates of the screen", positiveNumber, 1)
    .action(async (options: WatchOptions) => finish(await runWatch(options, io)));
}

function addHealth(program: Command, io: Io, finish: Finish): void {
  const command = inherit(program, "health")
    .description("check the worker, its servers and its files, one line each");
  addSettings(command);
  addTimeoutOption(command)
    .option("-v, --verbose", "show details")
    .option("--json", "write one JSON object a line")
    .action(async (options: Record<string, string | boolean | string[] | number>) => {
      const { verbose, json, timeout, ...flags } = options;
      const how = { verbose: verbose === true, json: json === true, timeoutS: Number(timeout) };
      finish(await runHealth(dashed(flags as Record<string, string>), how, io));
    });
}

function addCompletions(program: Command, io: Io, finish: Finish): void {
  inherit(program, "completions")
    .description("write a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action((shell: Shell) => finish(runCompletions(shell, program, io)));
}

function addConfig(program: Command, io: Io, finish: Finish): void {
  const command = inherit(program, "config")
    .description("print the settings in force and where each value comes from");
  addSettings(command);
  command.option("--json", "write one JSON object a line")
    .action(async ({ json, ...flags }: Record<string, string | boolean | string[]>) => {
      finish(await runConfig(dashed(flags), json === true, io));
    });
}

function asking(program: Command, name: string, description: string): Command {
  return addConnectionOptions(inherit(program, name).description(description))
    .option("--json", "write one JSON object a line");
}

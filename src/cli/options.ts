/** What the declarations of commands share. */

import type { Command } from "commander";
import { listSettings } from "../config/mod.ts";
import { collect } from "./arguments.ts";

/** Takes the exit code of the command that has run. */
export type Finish = (code: number) => void;

/** Subcommands made by hand do not take over the parent's settings by themselves. */
export function inherit(program: Command, name: string): Command {
  return program.command(name).allowExcessArguments(false).copyInheritedSettings(program);
}

/** Adds a flag for each of the worker's settings that has one. */
export function addSettings(command: Command): void {
  command.option("--config <file>", "YAML file with settings");
  for (const setting of listSettings()) {
    if (setting.flag === undefined) continue;
    const flag = `--${setting.flag}`;
    const shown = setting.placeholder === undefined ? flag : `${flag} <${setting.placeholder}>`;
    const preset = setting.default === "" || setting.placeholder === undefined
      ? ""
      : ` (default: ${setting.default})`;
    if (setting.repeatable) command.option(shown, setting.help + preset, collect);
    else command.option(shown, setting.help + preset);
  }
}

/** Commander turns `--req-addr` into `reqAddr`; the settings know it as `req-addr`. */
export function dashed<T>(flags: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(flags).map((
      [name, value],
    ) => [name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), value]),
  );
}

/** What flags and variables say of the settings. */

import type { AnySetting, Complain, Given } from "./given.ts";
import type { FlagName } from "./flags.ts";

/**
 * The flags of a command line by name, without dashes. A flag that was not given is absent or
 * undefined; a switch is a boolean; a flag that was given several times is a list.
 */
export type Flags = {
  readonly [Name in FlagName]?: string | boolean | readonly string[] | undefined;
};

/** Reads one environment variable; undefined when it is not set. */
export type ReadEnv = (name: string) => string | undefined;

const PREFIX = "DGX_PIXELS_";

/**
 * The variables of a setting: one from its path, and one from its flag if it has one. A list of maps
 * has none, since nobody writes YAML into a variable.
 */
export function variablesOf(setting: AnySetting): readonly string[] {
  if (setting.kind.type === "maps") return [];
  const names = setting.flag === undefined ? [setting.path] : [setting.path, setting.flag];
  // `http.addr` and `--http-addr` have the same one.
  return [...new Set(names.map((name) => PREFIX + name.toUpperCase().replace(/[.-]/g, "_")))];
}

/** Variable that names the configuration file. */
export const CONFIG_VARIABLE: string = PREFIX + "CONFIG";

/**
 * Reads a variable of this process. Without the permission there are no variables, rather than a
 * question at the terminal in the middle of a program that embeds the worker.
 */
export function readProcessEnv(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** The texts of a flag, or undefined when it was not given. */
export function flagTexts(flags: Flags, name: FlagName): readonly string[] | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const texts = typeof value === "object" ? value : [String(value)];
  return texts.length === 0 ? undefined : texts;
}

/** What the command line says of a setting. */
export function givenByFlag(
  setting: AnySetting,
  flags: Flags,
  complain: Complain,
): Given | undefined {
  if (setting.flag === undefined) return undefined;
  const texts = flagTexts(flags, setting.flag);
  if (texts === undefined) return undefined;
  const flag = `--${setting.flag}`;
  const isSwitch = setting.kind.type === "single" && setting.kind.placeholder === undefined;
  if (!isSwitch && typeof flags[setting.flag] === "boolean") {
    complain(`${flag} needs a value`);
    return undefined;
  }
  if (texts.length > 1 && setting.kind.type === "single") {
    complain(`${flag} must be given once, got ${texts.length} values`);
    return undefined;
  }
  return {
    place: flag,
    subject: flag,
    origin: { type: "flag", flag },
    values: texts.map((text) => ({ text, place: flag, subject: flag })),
  };
}

/** What the environment says of a setting. An empty variable counts as none. */
export function givenByEnv(
  setting: AnySetting,
  env: ReadEnv,
  complain: Complain,
): Given | undefined {
  const found = variablesOf(setting).flatMap((name) => {
    const text = env(name)?.trim() ?? "";
    return text === "" ? [] : [{ name, text }];
  });
  const [first, second] = found;
  if (first === undefined) return undefined;
  if (second !== undefined && second.text !== first.text) {
    complain(`${first.name} and ${second.name} must not differ; unset one of them`);
    return undefined;
  }
  const { name, text } = first;
  const texts = setting.kind.type === "list" ? splitList(text) : [text];
  return {
    place: name,
    subject: name,
    origin: { type: "env", name },
    values: texts.map((text) => ({ text, place: name, subject: name })),
  };
}

function splitList(text: string): string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

/** Flags, variables, file and defaults become one frozen Config. */

import { ConfigError } from "../errors.ts";
import { type Config, formatOrigin, type LoadedConfig, type Origin } from "./config.ts";
import { type AnySetting, check, type Complain, type Given, quote } from "./given.ts";
import { SETTINGS } from "./settings.ts";
import {
  CONFIG_VARIABLE,
  type Flags,
  flagTexts,
  givenByEnv,
  givenByFlag,
  type ReadEnv,
  readProcessEnv,
} from "./sources.ts";
import { type FileContent, readYaml } from "./yaml_file.ts";

/** Where {@linkcode loadConfig} looks. */
export interface LoadConfigOptions {
  /** What the command line says. @default {{}} */
  flags?: Flags;
  /**
   * Reads one environment variable. Only variables of known settings are asked for.
   * @default {Deno.env.get, where the permission is granted}
   */
  env?: ReadEnv;
  /** Reads the configuration file. @default {Deno.readTextFile} */
  readTextFile?: (path: string) => Promise<string>;
}

/** What stands in force for one setting. */
interface Settled {
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** The table as loops see it: the types of the single values are lost. */
const TABLE = Object.entries(SETTINGS) as [field: string, setting: AnySetting][];

/**
 * Reads the settings: a flag goes before a variable, a variable before the file, the file before the
 * default.
 *
 * Every value given is checked, also one that another source overrides: it would come into force
 * some day, on somebody else's watch.
 *
 * @throws {ConfigError} `invalid_value` with one line for each wrong value; `unreadable` when the
 *   file cannot be read or is not YAML; `usage` when `--config` is not given as one path.
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const { flags = {}, env = readProcessEnv, readTextFile = Deno.readTextFile } = options;
  const problems: string[] = [];
  const complain: Complain = (problem) => void problems.push(problem);

  const file = await readFile(flags, env, readTextFile, complain);
  const settled = new Map<string, Settled>();
  for (const [field, setting] of TABLE) {
    const sources = [
      givenByFlag(setting, flags, complain),
      givenByEnv(setting, env, complain),
      file.given.get(setting.path),
    ];
    settled.set(field, settle(setting, sources, complain));
  }
  complainOfClash(settled, complain);
  if (problems.length > 0) throw new ConfigError("invalid_value", problems.join("\n"));

  return Object.freeze({
    config: build(settled),
    origins: new Map(TABLE.map(([field, { path }]) => [path, settled.get(field)!.origin])),
    warnings: Object.freeze([...file.warnings]),
  });
}

async function readFile(
  flags: Flags,
  env: ReadEnv,
  readTextFile: (path: string) => Promise<string>,
  complain: Complain,
): Promise<FileContent> {
  const named = configPath(flags, env);
  if (named === undefined) return { given: new Map(), warnings: [] };
  const { path, source } = named;
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (cause) {
    const message = `Cannot read the configuration file ${path}: ${reasonOf(cause, path)}`;
    throw new ConfigError("unreadable", `${message}; check ${source}`, { cause });
  }
  return readYaml(text, path, TABLE.map(([, setting]) => setting.path), complain);
}

function configPath(flags: Flags, env: ReadEnv): { path: string; source: string } | undefined {
  const texts = flagTexts(flags, "config");
  if (texts === undefined) {
    const path = env(CONFIG_VARIABLE)?.trim() ?? "";
    return path === "" ? undefined : { path, source: CONFIG_VARIABLE };
  }
  const [path, ...more] = texts;
  if (typeof flags.config === "boolean" || path === undefined || path === "" || more.length > 0) {
    throw new ConfigError("usage", "--config must be given once, with the path of a file");
  }
  return { path, source: "--config" };
}

function reasonOf(cause: unknown, path: string): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (cause instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (cause instanceof Deno.errors.NotCapable) return `Deno needs --allow-read=${path}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** The value of the first source that gives one, after a look at those of the others. */
function settle(
  setting: AnySetting,
  sources: readonly (Given | undefined)[],
  complain: Complain,
): Settled {
  const { path } = setting;
  const found = sources.flatMap((given) => {
    if (given === undefined) return [];
    return [{ path, value: check(setting, given, complain), origin: given.origin }];
  });
  return found[0] ?? { path, value: setting.default, origin: { type: "default" } };
}

/** Both sockets on one endpoint could never be bound; only where the system chooses is it no clash. */
function complainOfClash(settled: ReadonlyMap<string, Settled>, complain: Complain): void {
  const requests = settled.get("zmq.reqRepAddr")!;
  const updates = settled.get("zmq.pubSubAddr")!;
  if (requests.value === undefined || requests.value !== updates.value) return;
  const value = String(requests.value);
  if (/^tcp:.*:(?:0+|\*)$/.test(value)) return;
  const isBlameless = updates.origin.type === "default";
  const [blamed, other] = isBlameless ? [requests, updates] : [updates, requests];
  const place = formatOrigin(blamed.origin);
  const subject = blamed.origin.type === "file" ? `${place}: ${blamed.path}` : place;
  const rival = `${other.path} (${formatOrigin(other.origin)})`;
  complain(`${subject} must differ from ${rival}, got ${quote(value)} for both`);
}

/** The table covers every field of {@linkcode Config}, which its type guarantees. */
function build(settled: ReadonlyMap<string, Settled>): Config {
  const config: Record<string, unknown> = {};
  for (const [field, { value }] of settled) {
    const frozen = Array.isArray(value) ? Object.freeze([...value]) : value;
    const [section, key] = field.split(".") as [string, string?];
    if (key === undefined) config[section] = frozen;
    else config[section] = { ...config[section] as Record<string, unknown>, [key]: frozen };
  }
  Object.values(config).forEach(Object.freeze);
  return Object.freeze(config) as unknown as Config;
}

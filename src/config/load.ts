/** Flags, variables, file and defaults become one frozen Config. */

import { ConfigError } from "../errors.ts";
import type { LoadedConfig, ModelDirs } from "./config.ts";
import { type AnySetting, check, type Complain, expectedMap, type Given } from "./given.ts";
import { addExtraDirs } from "./extra_dirs.ts";
import type { ExtraPaths } from "./extra_paths.ts";
import { configOf, join, type Settled, type SettledValues } from "./join.ts";
import type { ServerValues } from "./servers.ts";
import { SETTINGS } from "./settings.ts";
import { readTextFile } from "./text_file.ts";
import type { Values } from "./values.ts";
import {
  CONFIG_VARIABLE,
  type Flags,
  flagTexts,
  givenByEnv,
  givenByFlag,
  type ReadEnv,
  readProcessEnv,
} from "./sources.ts";
import { reasonOf } from "./unreadable.ts";
import type { FileContent, KnownSetting } from "./yaml/file.ts";

/** Where {@linkcode loadConfig} looks. */
export interface LoadConfigOptions {
  /** What the command line says. @default {{}} */
  flags?: Flags;
  /**
   * Reads one environment variable. Only variables of known settings are asked for, and those that a
   * file of `models.extra_model_paths` names.
   * @default {Deno.env.get, where the permission is granted}
   */
  env?: ReadEnv;
  /** Reads the configuration file and what it names. @default {files up to 4 MiB} */
  readTextFile?: (path: string) => Promise<string>;
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
  const { flags = {}, env = readProcessEnv, readTextFile: readText = readTextFile } = options;
  const problems: string[] = [];
  const complain: Complain = (problem) => void problems.push(problem);

  const file = await readFile(flags, env, readText, complain);
  const single = TABLE.map(([field, setting]) => {
    const sources = [
      givenByFlag(setting, flags, complain),
      givenByEnv(setting, env, complain),
      file.given.get(setting.path),
    ];
    return [field, settle(setting, sources, complain)];
  });
  const settled = join(Object.fromEntries(single) as SettledValues, complain);
  if (problems.length > 0) throw new ConfigError("invalid_value", problems.join("\n"));

  const values = toValues(settled);
  const extra = await readExtraFiles(values, env, readText);
  const tokens = await readTokens(values.comfyui.servers ?? [], readText);
  return deepFreeze({
    config: configOf(values, (server) => ({
      modelDirs: modelDirsOf(server, extra),
      token: server.token ?? tokens.get(server.tokenFile),
    })),
    origins: new Map(Object.values(settled).map(({ path, origin }) => [path, origin])),
    warnings: [
      ...file.warnings,
      ...replacedIn(file),
      ...[...extra.values()].flatMap(({ warnings }) => warnings),
    ],
  });
}

/** The tokens of servers by the files that they are in. */
async function readTokens(
  servers: readonly ServerValues[],
  readTextFile: (path: string) => Promise<string>,
): Promise<Map<string | undefined, string>> {
  const files = new Set(servers.map(({ tokenFile }) => tokenFile));
  files.delete(undefined);
  if (files.size === 0) return new Map();
  const { readToken } = await import("./token_file.ts");
  const read = [...files as Set<string>].map(async (path) => {
    return [path, await readToken(path, readTextFile)] as const;
  });
  return new Map(await Promise.all(read));
}

/** Each file once, however many servers have it. */
async function readExtraFiles(
  { comfyui }: Values,
  env: ReadEnv,
  readTextFile: (path: string) => Promise<string>,
): Promise<Map<string, ExtraPaths>> {
  const files = new Set(comfyui.servers?.flatMap(({ extraModelPaths = [] }) => extraModelPaths));
  if (files.size === 0) return new Map();
  const { readExtraPaths } = await import("./extra_paths.ts");
  const read = [...files].map(async (path) => {
    return [path, await readExtraPaths(path, { readTextFile, env })] as const;
  });
  return new Map(await Promise.all(read));
}

function modelDirsOf(
  server: ServerValues,
  extra: ReadonlyMap<string, ExtraPaths>,
): ModelDirs {
  const { checkpointDir, loraDir, vaeDir, extraModelPaths = [] } = server;
  const own = {
    checkpoint: checkpointDir === undefined ? [] : [checkpointDir],
    lora: loraDir === undefined ? [] : [loraDir],
    vae: vaeDir === undefined ? [] : [vaeDir],
  };
  return addExtraDirs(own, extraModelPaths.flatMap((file) => extra.get(file)?.dirs ?? []));
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
  // The YAML library takes twice as long to load as Deno does to start, and 15 MB.
  const { readYaml } = await import("./yaml/file.ts");
  return readYaml(text, path, TABLE.map(([, setting]) => toKnown(setting)), complain);
}

function toKnown({ path, kind }: AnySetting): KnownSetting {
  if (kind.type !== "maps") return { path, map: undefined };
  const fields = Object.values(kind.fields);
  const keys = fields.map(({ key }) => key);
  const mapKeys = fields.filter(({ kind }) => kind.takesMap).map(({ key }) => key);
  return { path, map: { keys, mapKeys, expected: expectedMap(kind) } };
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

/** The value of the first source that gives one, after a look at those of the others. */
function settle(
  setting: AnySetting,
  sources: readonly (Given | undefined)[],
  complain: Complain,
): Settled<unknown> {
  const { path } = setting;
  const found = sources.flatMap((given) => {
    if (given === undefined) return [];
    return [{ path, value: check(setting, given, complain), origin: given.origin }];
  });
  return found[0] ?? { path, value: setting.default, origin: { type: "default" } };
}

/** A list of servers with more to say of them leaves nothing for the plain one to say. */
function replacedIn({ given }: FileContent): string[] {
  const urls = given.get("comfyui.api_url");
  const servers = given.get("comfyui.servers");
  if (urls === undefined || servers === undefined) return [];
  return [`${urls.subject} has no effect: comfyui.servers (${servers.place}) replaces it`];
}

/** The table covers every field, which its type guarantees. */
function toValues(settled: SettledValues): Values {
  const values: Record<string, unknown> = {};
  for (const [field, { value }] of Object.entries(settled)) {
    const [section, key] = field.split(".") as [string, string?];
    if (key === undefined) values[section] = value;
    else values[section] = { ...values[section] as Record<string, unknown>, [key]: value };
  }
  return values as unknown as Values;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

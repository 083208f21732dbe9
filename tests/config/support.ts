/** Loads a configuration from values in memory. */

import { rejects } from "node:assert/strict";
import { type Flags, listSettings, loadConfig, type LoadedConfig } from "../../src/config/mod.ts";
import { ConfigError } from "../../src/errors.ts";

/** The settings that every source can give, which is all but lists of maps. */
export const PLAIN_SETTINGS = listSettings().filter(({ keys }) => keys.length === 0);

/** What the three sources say. */
export interface Sources {
  flags?: Flags;
  env?: Readonly<Record<string, string>>;
  /** Text of `config.yaml`, which `--config` then names. */
  yaml?: string;
  /** Texts of further files by name. @default a file of model folders under every name */
  files?: Readonly<Record<string, string>>;
}

const FOLDERS = "any: { vae: vae }";

const TOKEN = "t0ken-of-a-file\n";

/** Loads what the sources say. */
export function load(sources: Sources = {}): Promise<LoadedConfig> {
  const { flags = {}, env = {}, yaml, files } = sources;
  const config = flags.config ?? env["DGX_PIXELS_CONFIG"] ?? "config.yaml";
  return loadConfig({
    flags: yaml === undefined ? flags : { config: "config.yaml", ...flags },
    env: (name) => env[name],
    readTextFile: (path) => {
      const text = path === config ? yaml : files === undefined ? standIn(path) : files[path];
      if (text === undefined) return Promise.reject(new Deno.errors.NotFound(path));
      return Promise.resolve(text);
    },
  });
}

function standIn(path: string): string {
  return path.includes("token") ? TOKEN : FOLDERS;
}

/** The error of a configuration that must not load. */
export async function failure(sources: Sources): Promise<ConfigError> {
  let caught: unknown;
  await rejects(load(sources), (error) => {
    caught = error;
    return error instanceof ConfigError;
  });
  return caught as ConfigError;
}

/** A file that holds one setting; `value` stands as it is. */
export function yamlOf(path: string, value: string): string {
  const [section, key] = path.split(".");
  return `${section}:\n  ${key}: ${value}\n`;
}

/**
 * ComfyUI's own `extra_model_paths.yaml`: folders of models besides those below ComfyUI.
 *
 * Read as ComfyUI reads it (`utils/extra_config.py` and `add_model_folder_path` of `folder_paths.py`,
 * 0.3.64). What ComfyUI would not start with is left out with a warning: the worker can do its work
 * without.
 */

// Paths of the operator's own system: Deno has nothing built in to join them.
import { dirname, isAbsolute, join, normalize } from "node:path";
import { ConfigError } from "../errors.ts";
import type { ModelDirs } from "./config.ts";
import type { ExtraDir } from "./extra_dirs.ts";
import { quote } from "./given.ts";
import { printable } from "../log.ts";
import type { ReadEnv } from "./sources.ts";
import { reasonOf } from "./unreadable.ts";
import { MAX_FILE_CHARS } from "./yaml/file.ts";
import { parseYaml } from "./yaml/value.ts";

/** What reading such a file takes. */
export interface ExtraPathsSources {
  /** Reads the file. */
  readTextFile: (path: string) => Promise<string>;
  /** Reads the variables that stand in a `base_path`, and `HOME` for a `~`. */
  env: ReadEnv;
}

/** What a file says. */
export interface ExtraPaths {
  /** The folders in the order of the file. */
  readonly dirs: readonly ExtraDir[];
  /** One sentence for each thing that is left out. */
  readonly warnings: readonly string[];
}

/**
 * ComfyUI's folders that requests can name files of. Its two legacy names, `unet` and `clip`, stand for
 * none of these.
 */
const FOLDERS: ReadonlyMap<string, keyof ModelDirs> = new Map([
  ["checkpoints", "checkpoint"],
  ["loras", "lora"],
  ["vae", "vae"],
]);

/** Reads one file. Never throws: a fault is a warning with its remedy. */
export async function readExtraPaths(
  file: string,
  { readTextFile, env }: ExtraPathsSources,
): Promise<ExtraPaths> {
  const warnings: string[] = [];
  const warn = (problem: string) => void warnings.push(`${file}: ${problem}`);
  const dirs: ExtraDir[] = [];
  try {
    const sections = await parseYaml(await readText(file, readTextFile), file, {
      version: "1.1",
    });
    if (isMap(sections)) {
      for (const [name, section] of Object.entries(sections)) {
        if (section === null) continue;
        dirs.push(...readSection({ file, env, warn }, name, section));
      }
    } else if (sections !== null) warn("it must be a map of sections; see ComfyUI's example of it");
    if (dirs.length === 0 && warnings.length === 0) {
      warn("it names no folder of checkpoints, loras or vae, so it has no effect");
    }
  } catch (error) {
    const rest = "mend or remove it, then start the worker again; until then it has no effect";
    if (error instanceof ConfigError) warnings.push(`${printable(error.message)}; ${rest}`);
    else warnings.push(`Cannot read ${file}: ${printable(reasonOf(error, file))}; ${rest}`);
  }
  return { dirs, warnings };
}

async function readText(
  file: string,
  readTextFile: ExtraPathsSources["readTextFile"],
): Promise<string> {
  const text = await readTextFile(file);
  if (text.length <= MAX_FILE_CHARS) return text;
  const limit = `longer than ${MAX_FILE_CHARS} characters`;
  throw new ConfigError("unreadable", `Cannot read ${file}: it is ${limit}`);
}

interface Reading {
  readonly file: string;
  readonly env: ReadEnv;
  readonly warn: (problem: string) => void;
}

function readSection(reading: Reading, name: string, section: unknown): ExtraDir[] {
  const { warn } = reading;
  if (!isMap(section)) {
    warn(`section ${quote(name)} must be a map of folders; it has no effect`);
    return [];
  }
  const base = baseOf(reading, name, section);
  if (base === undefined) return [];
  const isDefault = isTrue(section["is_default"]);
  return Object.entries(section).flatMap(([folder, value]) => {
    const type = FOLDERS.get(folder);
    if (type === undefined) return [];
    if (typeof value !== "string") {
      warn(`${folder} of section ${quote(name)} must be text, one folder a line; it has no effect`);
      return [];
    }
    return value.split("\n").filter((line) => line !== "").map((line) => {
      const path = isAbsolute(line) ? line : join(base, line);
      return { type, path: withoutEnd(normalize(path)), isDefault };
    });
  });
}

/** The folder that the others of a section are relative to; undefined after a warning. */
function baseOf(
  { file, env, warn }: Reading,
  name: string,
  section: Readonly<Record<string, unknown>>,
): string | undefined {
  const folder = dirname(file);
  if (!Object.hasOwn(section, "base_path")) return folder;
  const text = section["base_path"];
  if (typeof text !== "string") {
    warn(`base_path of section ${quote(name)} must be text; the section has no effect`);
    return undefined;
  }
  const unknown: string[] = [];
  const read = (variable: string, written: string) => {
    const value = env(variable);
    if (value === undefined) unknown.push(variable);
    return value ?? written;
  };
  const home = text.replace(/^~(?=$|[\\/])/, (written) => read("HOME", written));
  const path = home.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (written, plain?: string, braced?: string) => read(plain ?? braced ?? "", written),
  );
  if (unknown.length > 0 || path.startsWith("~")) {
    const why = unknown.length > 0
      ? `needs the variable ${unknown.join(" and ")}, which is not set or not allowed ` +
        `(--allow-env=${unknown.join(",")})`
      : "begins with another user's ~";
    warn(`base_path of section ${quote(name)} ${why}; write it out, or the section has no effect`);
    return undefined;
  }
  return isAbsolute(path) ? path : join(folder, path);
}

/** As Python sees it: whatever is neither empty nor nothing is true, also a text that says "false". */
function isTrue(value: unknown): boolean {
  if (isMap(value)) return Object.keys(value).length > 0;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function withoutEnd(path: string): string {
  return path.length > 1 ? path.replace(/[\\/]+$/, "") : path;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The folders that a worker needs before it starts. */

import { ConfigError } from "../errors.ts";

/** Makes the folder and proves that it can be written, rather than finding out after the first job. */
export async function prepareOutput(dir: string): Promise<string> {
  try {
    await Deno.mkdir(dir, { recursive: true });
    const path = await Deno.realPath(dir);
    await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".writable-" }));
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "unwritable",
      `Cannot write to the output directory ${dir}: ${why}; name another one with --output-dir`,
      { cause },
    );
  }
}

/** The real path of the folder, so that what links lead to can be compared with it. */
export async function findInput(dir: string | undefined): Promise<string | undefined> {
  return await findFolder(dir, { noun: "input", flag: "input-dir" });
}

/** The same of the folder with palettes. */
export async function findPalettes(dir: string | undefined): Promise<string | undefined> {
  return await findFolder(dir, { noun: "palette", flag: "palette-dir" });
}

async function findFolder(
  dir: string | undefined,
  { noun, flag }: { noun: string; flag: string },
): Promise<string | undefined> {
  if (dir === undefined) return undefined;
  try {
    const path = await Deno.realPath(dir);
    for await (const _entry of Deno.readDir(path)) break;
    return path;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      "unreadable",
      `Cannot read the ${noun} directory ${dir}: ${why}; name another one with --${flag}`,
      { cause },
    );
  }
}

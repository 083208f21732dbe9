/** Finds model files in a folder, as ComfyUI does: recursively, through links, by extension. */

import type { ModelInfo } from "../protocol/mod.ts";

/** ComfyUI's list (folder_paths.py), compared without regard to case. */
const EXTENSIONS = [".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"];

/** Deepest folder that is looked into: links may go in circles. */
const MAX_DEPTH = 16;

/**
 * Lists the models below a folder, named relative to it. A folder that is not there, or that may not be
 * read, has none: it is one of several places to look in.
 */
export async function findModelFiles(
  dir: string,
  type: ModelInfo["model_type"],
): Promise<ModelInfo[]> {
  const found: ModelInfo[] = [];
  await walk(dir, "", 0, async (name) => {
    const { size } = await Deno.stat(`${dir}/${name}`);
    const size_mb = Math.round(size / 1_048_576);
    found.push({ name, path: `${dir}/${name}`, model_type: type, size_mb });
  });
  return found;
}

async function walk(
  root: string,
  below: string,
  depth: number,
  onModel: (name: string) => Promise<void>,
): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for (const entry of await entriesOf(`${root}/${below}`)) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymlink ? await linkTarget(`${root}/${name}`) : entry;
    if (kind?.isDirectory && entry.name !== ".git") await walk(root, name, depth + 1, onModel);
    else if (kind?.isFile && isModel(entry.name)) await onModel(name);
  }
}

/** What vanished, or is not for us, counts as empty: what else is there still counts. */
async function entriesOf(dir: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(dir));
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** What a link leads to; undefined if it leads nowhere. */
async function linkTarget(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.FilesystemLoop;
}

function isModel(name: string): boolean {
  const lower = name.toLowerCase();
  return EXTENSIONS.some((extension) => lower.endsWith(extension));
}

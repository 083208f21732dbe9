/** Finds model files in a folder, as ComfyUI does: recursively, through links, by extension. */

import type { ModelInfo } from "../protocol/mod.ts";

/** ComfyUI's list (folder_paths.py), compared without regard to case. */
const EXTENSIONS = [".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"];

/** Deepest folder that is looked into, and most of them: by links a few can lead to millions of paths. */
const [MAX_DEPTH, MAX_FOLDERS] = [16, 10_000];

/**
 * What changed this short before it was looked at, in milliseconds, may change again without a trace:
 * a file system keeps times only so exactly, and a file that is being copied grows.
 */
const UNSETTLED_MS = 2_000;

/** The model files below a folder. */
export interface ModelFiles {
  /**
   * Lists them, named relative to the folder. It is looked through again only when one of its folders
   * has changed. A folder that is not there, or that may not be read, has none: it is one of several
   * places to look in.
   */
  list(): Promise<ModelInfo[]>;
}

/** What {@linkcode createModelFiles} may be given. */
export interface ModelFilesOptions {
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
  /** Called when the folder is looked through. */
  onScan?: () => void;
}

/** Creates a view of a folder that remembers what it saw. */
export function createModelFiles(
  dir: string,
  type: ModelInfo["model_type"],
  { now = Date.now, onScan = () => {} }: ModelFilesOptions = {},
): ModelFiles {
  let known: Scan | undefined;
  let looking: Promise<ModelInfo[]> | undefined;
  const look = async (): Promise<ModelInfo[]> => {
    if (known !== undefined && await isCurrent(known)) return known.models;
    known = undefined;
    onScan();
    const atMs = now();
    const scan = await scanFolder(dir, type);
    if (atMs - scan.newestMs > UNSETTLED_MS) known = scan;
    return scan.models;
  };
  return {
    list: () => looking ??= look().finally(() => looking = undefined),
  };
}

/** What was found in a folder. */
interface Scan {
  readonly models: ModelInfo[];
  /** Every folder that was looked into, with the time of its last change, Unix milliseconds. */
  readonly folders: Map<string, number>;
  /** The last change of any file or folder, Unix milliseconds. */
  newestMs: number;
}

async function isCurrent({ folders }: Scan): Promise<boolean> {
  // A folder that was not there has left no trace that could change.
  if (folders.size === 0) return false;
  const current = await Promise.all(
    [...folders].map(async ([path, changedMs]) => changedAtMs(await statOf(path)) === changedMs),
  );
  return !current.includes(false);
}

async function scanFolder(dir: string, type: ModelInfo["model_type"]): Promise<Scan> {
  const scan: Scan = { models: [], folders: new Map(), newestMs: -Infinity };
  await walk({ root: dir, left: MAX_FOLDERS }, "", [], async (path, name) => {
    const info = await statOf(path);
    if (info === undefined) return;
    scan.newestMs = Math.max(scan.newestMs, changedAtMs(info));
    if (info.isDirectory) scan.folders.set(path, changedAtMs(info));
    else {
      const size_mb = Math.round(info.size / 1_048_576);
      scan.models.push({ name, path, model_type: type, size_mb });
    }
  });
  return scan;
}

function changedAtMs(info: Deno.FileInfo | undefined): number {
  return info?.mtime?.getTime() ?? -Infinity;
}

/**
 * Visits a folder, those in it, and every model file.
 *
 * @param above Real paths of the folders above: a link that leads back to one goes in a circle.
 */
async function walk(
  tree: { readonly root: string; left: number },
  below: string,
  above: readonly string[],
  visit: (path: string, name: string) => Promise<void>,
): Promise<void> {
  if (tree.left-- <= 0) return;
  const { root } = tree;
  const folder = below === "" ? root : `${root}/${below}`;
  const real = await realPathOf(folder);
  if (real === undefined || above.includes(real) || above.length > MAX_DEPTH) return;
  // Before its entries: what is added meanwhile must show as a change.
  await visit(folder, below);
  for (const entry of await entriesOf(folder)) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymlink ? await statOf(`${root}/${name}`) : entry;
    if (kind?.isDirectory && entry.name !== ".git") {
      await walk(tree, name, [...above, real], visit);
    } else if (kind?.isFile && isModel(entry.name)) await visit(`${root}/${name}`, name);
  }
}

/** What vanished, or is not for us, counts as empty: what else is there still counts. */
async function entriesOf(dir: string): Promise<Deno.DirEntry[]> {
  return await unlessAbsent(() => Array.fromAsync(Deno.readDir(dir))) ?? [];
}

/** What is at a path, links followed; undefined if they lead nowhere. */
async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  return await unlessAbsent(() => Deno.stat(path));
}

async function realPathOf(path: string): Promise<string | undefined> {
  return await unlessAbsent(() => Deno.realPath(path));
}

async function unlessAbsent<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
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

/** As Python sees it: a name that is nothing but an ending has none. */
function isModel(name: string): boolean {
  const lower = name.toLowerCase();
  return EXTENSIONS.some((extension) => lower.endsWith(extension) && lower !== extension);
}

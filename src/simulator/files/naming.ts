/**
 * How saved images are named: prefix, counter of at least five digits, a trailing underscore.
 *
 * @module
 */

import { basename, below, dirname, normalize } from "./paths.ts";
import { PythonError } from "../python.ts";
import type { FileStore } from "./store.ts";

/** Where the next image goes. */
export interface NextName {
  /** Folder below the area's root, or "". */
  readonly subfolder: string;
  /** File name without counter; may still contain `%batch_num%`. */
  readonly stem: string;
  /** First free number. */
  readonly counter: number;
}

/** Replaces the tokens that the server knows. Those of the browser (`%date:…%`) stay as they are. */
export function expandPrefix(
  prefix: string,
  size: { width: number; height: number },
  nowMs: number,
): string {
  const now = new Date(nowMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return prefix
    .replaceAll("%width%", String(size.width))
    .replaceAll("%height%", String(size.height))
    .replaceAll("%year%", String(now.getFullYear()))
    .replaceAll("%month%", two(now.getMonth() + 1))
    .replaceAll("%day%", two(now.getDate()))
    .replaceAll("%hour%", two(now.getHours()))
    .replaceAll("%minute%", two(now.getMinutes()))
    .replaceAll("%second%", two(now.getSeconds()));
}

/**
 * Finds the next free number, which is one above the highest in the folder.
 *
 * @throws {PythonError} when the prefix leads out of the folder.
 */
export async function nextName(prefix: string, store: FileStore): Promise<NextName> {
  const path = normalize(prefix);
  const subfolder = dirname(path);
  const stem = basename(path);
  const folder = below("", subfolder);
  if (folder === undefined) throw outside(subfolder, store.root);
  // What is cut off is as long as the prefix as given, which is why one that ends in a slash never counts up.
  const isCounted = basename(prefix).length === stem.length;
  const highest = isCounted ? await store.highest(folder, stem) : undefined;
  return { subfolder, stem, counter: (highest ?? 0) + 1 };
}

/** The file with this number behind the first free one, as its message names it and as its area does. */
export function fileAt(
  { subfolder, stem, counter }: NextName,
  index: number,
  ending: string,
): { filename: string; path: string } {
  const number = String(counter + index).padStart(5, "0");
  const filename = `${stem}_${number}${ending}`;
  return { filename, path: subfolder === "" ? filename : `${subfolder}/${filename}` };
}

function outside(subfolder: string, root: string): PythonError {
  const full = normalize(subfolder.startsWith("/") ? subfolder : `${root}/${subfolder}`);
  return new PythonError(
    "Exception",
    "**** ERROR: Saving image outside the output folder is not allowed." +
      `\n full_output_folder: ${full}\n         output_dir: ${root}` +
      `\n         commonpath: ${commonPath(full, root)}`,
  );
}

function commonPath(a: string, b: string): string {
  const left = a.split("/");
  const right = b.split("/");
  const differs = left.findIndex((part, index) => part !== right[index]);
  return left.slice(0, differs < 0 ? left.length : differs).join("/") || "/";
}

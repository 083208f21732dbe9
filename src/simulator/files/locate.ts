/**
 * Files named by clients, with ComfyUI's suffix that picks the area.
 *
 * @module
 */

import { below } from "./paths.ts";
import type { FileArea, FileStore, StoredFile } from "./store.ts";

const SUFFIXES: readonly [suffix: string, area: FileArea][] = [
  ["[output]", "output"],
  ["[input]", "input"],
  ["[temp]", "temp"],
];

/** Splits `name [area]`; the space before the bracket is dropped unseen, as in the original. */
export function splitAnnotation(name: string): { path: string; area: FileArea | undefined } {
  for (const [suffix, area] of SUFFIXES) {
    if (name.endsWith(suffix)) return { path: name.slice(0, -suffix.length - 1), area };
  }
  return { path: name, area: undefined };
}

/** Finds the file of a name as `LoadImage` takes it. */
export async function findFile(
  name: string,
  files: Readonly<Record<FileArea, FileStore>>,
): Promise<StoredFile | undefined> {
  const { path, area = "input" } = splitAnnotation(name);
  const relative = below("", path);
  return relative ? await files[area].read(relative) : undefined;
}

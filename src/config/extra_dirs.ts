/** Folders of models that stand in ComfyUI's own files, put beside the settings' own. */

import type { ModelDirs } from "./config.ts";

/** A folder that a file names. */
export interface ExtraDir {
  /** What is in it. */
  readonly type: keyof ModelDirs;
  /** Relative to the working directory where the file's own path is. */
  readonly path: string;
  /** Whether it goes before the folders that were known before. */
  readonly isDefault: boolean;
}

/** Puts folders where ComfyUI would look for them: the first that has a file of some name wins. */
export function addExtraDirs(dirs: ModelDirs, extra: readonly ExtraDir[]): ModelDirs {
  const lists = {
    checkpoint: [...dirs.checkpoint],
    lora: [...dirs.lora],
    vae: [...dirs.vae],
  };
  for (const { type, path, isDefault } of extra) {
    const list = lists[type];
    const known = list.indexOf(path);
    if (known >= 0 && !isDefault) continue;
    if (known >= 0) list.splice(known, 1);
    if (isDefault) list.unshift(path);
    else list.push(path);
  }
  return lists;
}

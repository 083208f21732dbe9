/** Where the files of jobs go when a worker's own disk is not enough. */

import type { ImageFile } from "./image_file.ts";

/** Keeps files for all workers. Disposing of it ends what is under way. */
export interface ImageStore extends Disposable {
  /**
   * Stores files under their names in a folder that is a job's own. When it resolves they are there, whole; a name
   * that is there already gets the new content.
   *
   * @param paths Local files.
   * @param signal Ends it; what it stored stays: another worker may store the same.
   * @returns URL of the folder: a file's own is that, `/` and its name.
   * @throws {JobError} `storage` with the reason.
   */
  put(folder: string, paths: readonly string[], signal: AbortSignal): Promise<string>;
  /**
   * Opens what was stored; `undefined` if it is there no more, or is not of this store.
   *
   * @throws {JobError} `storage` if the store does not answer.
   */
  open(url: string): Promise<ImageFile | undefined>;
  /** Removes what was stored, if it is there. @throws {JobError} `storage` */
  remove(url: string): Promise<void>;
  /** Removes what was put into a folder under the names of these files, as far as it is there. @throws {JobError} `storage` */
  discard(folder: string, paths: readonly string[]): Promise<void>;
  /** Rejects if nothing can be stored. */
  tryWriting(): Promise<void>;
}

/** URL of a file that was stored in the same folder as another one. */
export function urlBeside(url: string, path: string): string {
  return `${url.slice(0, url.lastIndexOf("/"))}/${nameOf(path)}`;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

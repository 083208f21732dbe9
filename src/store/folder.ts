/** A store that is a directory, on a network drive perhaps. */

import { ConfigError, JobError, messageOf } from "../errors.ts";
import { openLocal } from "./image_file.ts";
import { type ImageStore, nameOf } from "./image_store.ts";
import { tryWritingIn } from "./probe.ts";

/**
 * Opens the directory, which is made if need be.
 *
 * @throws {ConfigError} `unwritable`
 */
export async function openFolderStore(dir: string): Promise<ImageStore> {
  try {
    await Deno.mkdir(dir, { recursive: true });
    return new FolderStore(await Deno.realPath(dir));
  } catch (cause) {
    const message = `Cannot use the image store ${dir}: ${messageOf(cause)}; check output.store`;
    throw new ConfigError("unwritable", message, { cause });
  }
}

class FolderStore implements ImageStore {
  readonly #dir: string;
  readonly #base: string;

  constructor(dir: string) {
    this.#dir = dir;
    this.#base = `file://${encodeURI(dir)}`;
  }

  async put(folder: string, paths: readonly string[], signal: AbortSignal): Promise<string> {
    const target = `${this.#dir}/${folder}`;
    await storing(target, async () => {
      await Deno.mkdir(target, { recursive: true });
      for (const path of paths) {
        signal.throwIfAborted();
        await copy(path, `${target}/${nameOf(path)}`);
      }
      await sweep(target);
      await sync(target);
      await sync(this.#dir);
    });
    return `${this.#base}/${folder}`;
  }

  async open(url: string) {
    const path = this.#pathOf(url);
    return path === undefined ? undefined : await openLocal(this.#dir, path);
  }

  async remove(url: string): Promise<void> {
    const path = this.#pathOf(url);
    if (path === undefined) return;
    await storing(path, () => removeIfThere(path));
    // Gone with its last file.
    await Deno.remove(path.slice(0, path.lastIndexOf("/"))).catch(() => {});
  }

  async discard(folder: string, paths: readonly string[]): Promise<void> {
    const target = `${this.#dir}/${folder}`;
    await storing(target, () => sweep(target));
    for (const path of paths) await this.remove(`${this.#base}/${folder}/${nameOf(path)}`);
  }

  async tryWriting(): Promise<void> {
    await tryWritingIn(this.#dir);
  }

  [Symbol.dispose](): void {}

  #pathOf(url: string): string | undefined {
    if (!url.startsWith(`${this.#base}/`)) return undefined;
    const rest = url.slice(this.#base.length + 1);
    return rest.split("/").includes("..") ? undefined : `${this.#dir}/${rest}`;
  }
}

/** What the names of unfinished copies end with. */
const UNFINISHED = ".part";

/** How often a copy is tried that somebody takes away before it is finished. */
const MOST_TRIES = 3;

/** Whoever looks sees all of it or nothing. */
async function copy(from: string, to: string, tries = MOST_TRIES): Promise<void> {
  const temporary = `${to}.${crypto.randomUUID()}${UNFINISHED}`;
  try {
    await Deno.copyFile(from, temporary);
    await sync(temporary);
    await Deno.rename(temporary, to);
  } catch (error) {
    await removeIfThere(temporary).catch(() => {});
    const isTakenAway = error instanceof Deno.errors.NotFound && tries > 1;
    if (!isTakenAway) throw error;
    await copy(from, to, tries - 1);
  }
}

/** Takes away unfinished copies, which those leave who die; who still is at work on one begins anew. */
async function sweep(dir: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (name.endsWith(UNFINISHED)) await removeIfThere(`${dir}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function sync(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using file = await Deno.open(path);
  await file.sync();
}

async function storing(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new JobError("storage", `Cannot store ${path}: ${messageOf(cause)}`, { cause });
  }
}

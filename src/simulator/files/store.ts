/**
 * The three file areas of a ComfyUI server, in memory or in a folder on disk.
 *
 * @module
 */

import { numberIn, SeriesIndex } from "./series.ts";

/** The area that a file belongs to. */
export type FileArea = "output" | "input" | "temp";

/** A stored file. */
export interface StoredFile {
  /** The content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Unix milliseconds of the last change. */
  readonly modifiedMs: number;
}

/** Files of one area. Paths are relative, with forward slashes, and already checked. */
export interface FileStore {
  /** Where the area claims to be, for error messages that quote a path. */
  readonly root: string;
  /** Names directly within a folder, files and folders alike; empty for an unknown folder. */
  list(folder: string): Promise<string[]>;
  /** The highest number among names in a folder that begin with a stem; `undefined` for none. */
  highest(folder: string, stem: string): Promise<number | undefined>;
  /** The file, or `undefined` when there is none. */
  read(path: string): Promise<StoredFile | undefined>;
  /** Creates or replaces a file and the folders above it. */
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes everything. */
  clear(): Promise<void>;
}

/** Opens an area: on disk when a directory is given, otherwise in memory. */
export function openStore(
  area: FileArea,
  directory: string | undefined,
  now: () => number,
): FileStore {
  if (directory === undefined) return new MemoryStore(`/opt/ComfyUI/${area}`, now);
  return new DirectoryStore(directory);
}

/** Files kept in memory by one area; beyond it the oldest go, so that a demonstration can run for weeks. */
const MEMORY_BYTES = 256 * 1024 * 1024;

class MemoryStore implements FileStore {
  readonly root: string;
  readonly #now: () => number;
  readonly #files = new Map<string, StoredFile>();
  readonly #series = new SeriesIndex();
  #bytes = 0;

  constructor(root: string, now: () => number) {
    this.root = root;
    this.#now = now;
  }

  list(folder: string): Promise<string[]> {
    const prefix = folder === "" ? "" : `${folder}/`;
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (!path.startsWith(prefix)) continue;
      const end = path.indexOf("/", prefix.length);
      names.add(path.slice(prefix.length, end < 0 ? undefined : end));
    }
    return Promise.resolve([...names]);
  }

  highest(folder: string, stem: string): Promise<number | undefined> {
    return Promise.resolve(this.#series.highest(folder, stem));
  }

  read(path: string): Promise<StoredFile | undefined> {
    return Promise.resolve(this.#files.get(path));
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#remove(path);
    this.#files.set(path, { bytes, modifiedMs: this.#now() });
    this.#series.add(path);
    this.#bytes += bytes.length;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= MEMORY_BYTES || oldest === path) break;
      this.#remove(oldest);
    }
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#files.clear();
    this.#series.clear();
    this.#bytes = 0;
    return Promise.resolve();
  }

  #remove(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#bytes -= file.bytes.length;
    this.#files.delete(path);
    this.#series.remove(path, () => this.#files.keys());
  }
}

class DirectoryStore implements FileStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async list(folder: string): Promise<string[]> {
    const names = Array.fromAsync(Deno.readDir(this.#path(folder)), (entry) => entry.name);
    return await ignoreMissing(names) ?? [];
  }

  /** Others may write into the folder, too. */
  async highest(folder: string, stem: string): Promise<number | undefined> {
    let highest: number | undefined;
    for (const name of await this.list(folder)) {
      const number = numberIn(stem, name);
      if (number !== undefined) highest = Math.max(highest ?? number, number);
    }
    return highest;
  }

  async read(path: string): Promise<StoredFile | undefined> {
    const facts = await ignoreMissing(Deno.stat(this.#path(path)));
    if (!facts?.isFile) return undefined;
    const bytes = await ignoreMissing(Deno.readFile(this.#path(path)));
    return bytes && { bytes, modifiedMs: facts.mtime?.getTime() ?? 0 };
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const target = this.#path(path);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(target, bytes);
  }

  async clear(): Promise<void> {
    for (const name of await this.list("")) {
      await ignoreMissing(Deno.remove(this.#path(name), { recursive: true }));
    }
  }

  #path(path: string): string {
    return `${this.root}/${path}`;
  }
}

async function ignoreMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

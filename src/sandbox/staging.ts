/**
 * How result files appear: written under hidden names, synced, and all of a job given their names at
 * the end. A name that is taken is never taken away from its file.
 */

import { ComfyError, JobError, PixelsError } from "../errors.ts";
import type { PixelResult } from "../protocol/mod.ts";
import { isHostTrouble } from "./host_trouble.ts";
import { outputName } from "./output_name.ts";
import { HiddenFile } from "./hidden_file.ts";

/** A file of a set: one that is ready under a hidden name, or a text about the others. */
export type SetFile =
  | {
    suffix: string;
    temp: string;
    /** Whether it goes behind all files that are none. @default {false} */
    isExtra?: boolean;
    /** Whether it is what the first file of its set was made of. @default {false} */
    isOriginal?: boolean;
    /** Whether it is the animation that the first files of its set are the frames of. @default {false} */
    plays?: boolean;
  }
  | { suffix: string; text: (stem: string) => string };

/** Files whose names have the same beginning. */
export interface FileSet {
  /** The beginning that is wished for. It gets a number if any file of the set would meet another. */
  stem: string;
  /** The files in order; `suffix` ends the name. */
  files: readonly SetFile[];
  /** What was found when they were made pixel art. */
  found?: Omit<PixelResult, "image" | "original">;
}

/** Hidden files of one job. Disposing of it removes those that got no name. */
export interface Staging extends AsyncDisposable {
  /** Begins a hidden file, so that it is open when its content comes. */
  begin(): HiddenFile;
  /**
   * Writes and syncs a hidden file: one that was begun, or a new one.
   *
   * @returns where it is.
   * @throws {JobError} `storage` if nothing can be written there; {ComfyError} `output` if only this cannot.
   */
  write(content: Uint8Array | readonly Uint8Array[], begun?: HiddenFile): Promise<string>;
  /**
   * Gives the files of all sets their names, or none of them.
   *
   * @returns absolute paths in the order of the files.
   * @throws as `write()` does.
   */
  publish(sets: readonly FileSet[]): Promise<string[][]>;
}

/** A file of this age was left by a process that is gone: whoever writes one moves on in less. */
export const STALE_MS = 600_000;

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const HIDDEN = new RegExp(`^\\.(.+)\\.${UUID}\\.part$`);

/** Options of {@linkcode openStaging}. */
export interface StagingOptions {
  /**
   * True to keep a file that has the name already and is the same to the byte, job id included: an
   * attempt left it that died before that was noted. @default {false}
   */
  keepTwins?: boolean;
}

/** Opens the hidden files of a job. */
export async function openStaging(
  outputDir: string,
  jobId: string,
  { keepTwins = false }: StagingOptions = {},
): Promise<Staging> {
  const label = await hiddenLabel(jobId);
  const hidden = new Set<string>();
  const begin = () => {
    const path = `${outputDir}/.${label}.${crypto.randomUUID()}.part`;
    hidden.add(path);
    return new HiddenFile(path);
  };
  const write: Staging["write"] = async (content, begun) => {
    await using file = begun === undefined || begun.isOld ? begin() : begun;
    await writing(file.path, () => file.write(content instanceof Uint8Array ? [content] : content));
    return file.path;
  };
  return {
    begin,
    write,
    async publish(sets) {
      const done: string[][] = [];
      try {
        for (const set of sets) {
          done.push(
            await publishSet(outputDir, set, {
              place: async (temp, path) =>
                await place(temp, path, write) || (keepTwins && await isSame(temp, path)),
              write,
            }),
          );
        }
        // The hidden names go meanwhile: whatever comes of it, nobody needs them any more.
        const [synced] = await Promise.allSettled([
          writing(outputDir, () => syncDirectory(outputDir)),
          removeAll(hidden),
        ]);
        hidden.clear();
        if (synced.status === "rejected") throw synced.reason;
      } catch (error) {
        await removeAll(done.flat());
        throw error;
      }
      return done;
    },
    [Symbol.asyncDispose]: () => removeAll(hidden),
  };
}

/**
 * Removes the hidden files that a killed process left behind.
 *
 * @param whose Those of this job, whatever their age; without it those older than {@linkcode STALE_MS}.
 */
export async function removeLeftovers(
  outputDir: string,
  whose: { jobId: string } | { nowMs: number },
): Promise<number> {
  const label = "jobId" in whose ? await hiddenLabel(whose.jobId) : undefined;
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(outputDir)) {
    const owner = HIDDEN.exec(name)?.[1];
    if (!isFile || owner === undefined) continue;
    const path = `${outputDir}/${name}`;
    const isMeant = "jobId" in whose
      ? owner === label
      : whose.nowMs - await modifiedMs(path) > STALE_MS;
    if (isMeant) found.push(path);
  }
  await removeAll(found);
  return found.length;
}

async function hiddenLabel(jobId: string): Promise<string> {
  const facts = { jobId, index: 0, prompt: "", seed: 0, model: "", timestampMs: 0 };
  return await outputName("{job_id}", facts);
}

/** A file that vanishes meanwhile counts as new: it is somebody's. */
async function modifiedMs(path: string): Promise<number> {
  const info = await Deno.lstat(path).catch(() => undefined);
  return info?.mtime?.getTime() ?? Infinity;
}

async function publishSet(
  outputDir: string,
  { stem, files }: FileSet,
  { place, write }: {
    place: (temp: string, path: string) => Promise<boolean>;
    write: (bytes: Uint8Array) => Promise<string>;
  },
): Promise<string[]> {
  for (let number = 1;; number += 1) {
    const name = number === 1 ? stem : `${stem}-${number}`;
    const done: string[] = [];
    try {
      for (const file of files) {
        const temp = "temp" in file
          ? file.temp
          : await write(new TextEncoder().encode(file.text(name)));
        const path = `${outputDir}/${name}${file.suffix}`;
        if (!await writing(path, () => place(temp, path))) break;
        done.push(path);
      }
    } catch (error) {
      await removeAll(done);
      throw error;
    }
    if (done.length === files.length) return done;
    await removeAll(done);
  }
}

/** False if the name is taken. A hard link never replaces a file, which a rename would. */
async function place(
  temp: string,
  path: string,
  write: (bytes: Uint8Array) => Promise<string>,
): Promise<boolean> {
  try {
    await Deno.link(temp, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || await exists(path)) return false;
    if (!await exists(temp)) throw error;
  }
  // File systems without hard links leave a moment between the look and the rename. A copy, so that a
  // set whose next file meets another one can still go elsewhere.
  await Deno.rename(await write(await Deno.readFile(temp)), path);
  return true;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

async function isSame(path: string, other: string): Promise<boolean> {
  const [mine, theirs] = await Promise.all([Deno.lstat(path), Deno.lstat(other)]);
  if (!theirs.isFile || mine.size !== theirs.size) return false;
  const [a, b] = await Promise.all([Deno.readFile(path), Deno.readFile(other)]);
  return a.every((byte, index) => byte === b[index]);
}

/** Makes the new names themselves survive a power cut, where directories can be synced. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

async function removeAll(paths: Iterable<string>): Promise<void> {
  for (const path of paths) await Deno.remove(path).catch(() => {});
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PixelsError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot write ${path}: ${why}`;
    if (isHostTrouble(cause)) throw new JobError("storage", message, { cause });
    throw new ComfyError("output", message, { cause });
  }
}

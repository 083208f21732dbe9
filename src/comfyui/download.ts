/**
 * Fetching a file of ComfyUI to disk, whole or not at all.
 *
 * The one place of this module that writes files, hence its use of `Deno.*`: the picture goes from
 * the network to the disk in pieces and never lies in memory whole.
 */

import { ComfyError } from "../errors.ts";
import type { ImageRef } from "./types.ts";
import { type ViewContext, viewImage, type ViewRequest } from "./view.ts";

/** Options of {@linkcode downloadImage}. */
export interface DownloadRequest extends ViewRequest {
  /** Replaces a file that exists. */
  overwrite: boolean;
  /** Whether it is to survive a power cut. */
  sync: boolean;
}

/**
 * Downloads to a hidden file beside the target, syncs it to disk, and gives it the target's name.
 *
 * @returns Size of the file.
 * @throws {ComfyError} `output` when the file is gone, incomplete or cannot be written; else why
 *   the server did not deliver it.
 */
export async function downloadImage(
  context: ViewContext,
  image: ImageRef,
  target: string,
  request: DownloadRequest,
): Promise<{ bytes: number }> {
  return await viewImage(context, image, request, async (file) => {
    const partial = partialPath(target);
    const bytes = await writeFile(partial, file.pieces(), request.sync);
    try {
      await place(partial, target, request);
    } finally {
      await Deno.remove(partial).catch(() => {});
    }
    return { bytes };
  });
}

/** Writes what comes to a new file; the file is removed if anything fails. */
async function writeFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  sync: boolean,
): Promise<number> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { write: true, createNew: true });
  } catch (error) {
    throw writeError(path, error);
  }
  let bytes = 0;
  try {
    using _open = file;
    for await (const piece of pieces) {
      await writeAll(file, piece, path);
      bytes += piece.length;
    }
    if (sync) await file.sync();
    return bytes;
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Gives the finished file its name. A hard link never replaces a file, which a rename would. */
async function place(
  partial: string,
  target: string,
  { overwrite, sync }: DownloadRequest,
): Promise<void> {
  try {
    if (overwrite) await Deno.rename(partial, target);
    else await linkOrRename(partial, target);
    if (sync) await syncDirectory(directoryOf(target));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      const message = `The file ${target} exists; allow overwriting or choose another name`;
      throw new ComfyError("output", message, { cause: error });
    }
    throw writeError(target, error);
  }
}

async function linkOrRename(partial: string, target: string): Promise<void> {
  try {
    return await Deno.link(partial, target);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || await exists(target)) throw error;
  }
  // File systems without hard links leave a moment between the look and the rename.
  await Deno.rename(partial, target);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes the new name itself survive a power cut, where directories can be synced. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

/**
 * Hidden, so that nobody takes it for a result, and in the same directory, so that it can be
 * renamed.
 */
function partialPath(target: string): string {
  const name = target.slice(directoryOf(target).length).replace(/^[/\\]/, "");
  return `${directoryOf(target)}/.${name}.${crypto.randomUUID()}.part`;
}

function directoryOf(path: string): string {
  const slash = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

function writeError(path: string, cause: unknown): ComfyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ComfyError("output", `Cannot write ${path}: ${why}`, { cause });
}

/** `image`: brings an image of a finished job here, from whichever machine the worker runs on. */

import { ConfigError } from "../../errors.ts";
import { type ConnectionOptions, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { printable } from "../text.ts";

/** Options of the command. */
export interface ImageOptions extends ConnectionOptions {
  /** Place of the image in its job. */
  index: number;
}

/** Endings of files by what they are. */
const ENDINGS: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "video/mp4": "mp4",
  "video/webm": "webm",
};

/** Runs the command; resolves with its exit code. A file that is there already is left alone. */
export async function runImage(
  id: string,
  file: string | undefined,
  { index, ...options }: ImageOptions,
  io: Io,
): Promise<number> {
  await using client = await openClient(options, io);
  const { data, contentType } = await client.image(id, index);
  const path = file ?? `${fileName(id)}_${index}.${ENDINGS[contentType] ?? "bin"}`;
  try {
    await Deno.writeFile(path, data, { createNew: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unwritable", `Cannot write ${path}: ${reason}`, { cause });
  }
  io.out(`${printable(path)}\n`);
  return EXIT.ok;
}

/** An id may hold anything; a name made of it stays in this folder. */
function fileName(id: string): string {
  return id.replace(/[^\w.-]/g, "_").replace(/^\.+/, "_").slice(0, 100);
}

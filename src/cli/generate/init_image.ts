/** Images to start from: a file of this machine is sent, any other name is one of the worker's. */

import { ConfigError } from "../../errors.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import type { GenerateValues } from "./field.ts";

/** Room that all other fields of a request take at most, beside the image. */
const OTHERS_BYTES = 64 * 1_024;

/** Largest file that goes into a request. */
export const MAX_INIT_IMAGE_BYTES: number = MAX_MESSAGE_BYTES - OTHERS_BYTES;

/** Names that can only be those of files of this machine. */
const LOCAL = /^(?:\.{0,2}\/|\.{1,2}$|~)/;

/**
 * The values with the bytes of the image in place of its path, if it is a file here.
 *
 * @throws {ConfigError} `unreadable` if it is a path of this machine and cannot be read, `usage` if it is
 *   too large to be sent.
 */
export async function withInitImage(values: GenerateValues): Promise<GenerateValues> {
  const { init_image: path } = values;
  if (typeof path !== "string") return values;
  const bytes = await readImage(path);
  return bytes === undefined ? values : { ...values, init_image: bytes };
}

async function readImage(path: string): Promise<Uint8Array | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile && !LOCAL.test(path)) return undefined;
    if (!isFile) throw new ConfigError("unreadable", `${path} is no file`);
    if (size > MAX_INIT_IMAGE_BYTES) {
      throw new ConfigError(
        "usage",
        `${path} has ${size} bytes, and ${MAX_INIT_IMAGE_BYTES} can be sent at most; make it smaller, ` +
          "or put it into the worker's input directory and give its name there",
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    if (cause instanceof Deno.errors.NotFound && !LOCAL.test(path)) return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("unreadable", `Cannot read ${path}: ${reason}`, { cause });
  }
}

/** Files that `pixelize` reads. */

import { ConfigError, ImageError, messageOf } from "../../errors.ts";
import { decodeImage } from "../../images/mod.ts";
import {
  MOST_PALETTE_BYTES,
  type Palette,
  PALETTE_NAMES,
  paletteOfImage,
  readPalette,
  type RgbaImage,
  shippedPalette,
} from "../../pixels/mod.ts";

/** Most bytes of an image's file. */
const MOST_BYTES = 2 ** 28;

/**
 * Reads an image.
 *
 * @throws {ConfigError} `unreadable` if there is no such file or it is too large.
 * @throws {ImageError} if it is no good image.
 */
export async function readImage(
  file: string,
): Promise<RgbaImage & { text: Record<string, string> }> {
  const { width, height, data, text } = await decodeImage(await readFile(file, MOST_BYTES));
  return { width, height, data, text };
}

/**
 * Finds a palette by its name, or reads it from a file.
 *
 * @throws {ConfigError} if there is neither, or the file is no palette.
 */
export async function readPaletteOption(nameOrFile: string): Promise<Palette> {
  const shipped = shippedPalette(nameOrFile);
  if (shipped !== undefined) return shipped;
  if (!/[./\\]/.test(nameOrFile)) {
    throw new ConfigError(
      "invalid_value",
      `There is no palette ${nameOrFile}; there are ${PALETTE_NAMES.join(", ")}, or name a file`,
    );
  }
  if (!/\.png$/i.test(nameOrFile)) {
    return readPalette(await readFile(nameOrFile, MOST_PALETTE_BYTES), nameOrFile);
  }
  try {
    return paletteOfImage(await readImage(nameOrFile), nameOrFile);
  } catch (cause) {
    if (!(cause instanceof ImageError)) throw cause;
    throw new ConfigError(
      "invalid_value",
      `Cannot read the palette ${nameOrFile}: ${cause.message}`,
      { cause },
    );
  }
}

async function readFile(file: string, mostBytes: number): Promise<Uint8Array> {
  try {
    const { isFile, size } = await Deno.stat(file);
    if (!isFile) return await readStream(file, mostBytes);
    if (size <= mostBytes) return await Deno.readFile(file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new ConfigError("unreadable", `Cannot read ${file}: there is no such file`, { cause });
    }
    const why = messageOf(cause);
    throw new ConfigError("unreadable", `Cannot read ${file}: ${why}`, { cause });
  }
  throw tooLong(file, mostBytes);
}

/** A pipe or a device does not say how long it is, and may have no end. */
async function readStream(file: string, mostBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (await Deno.open(file)).readable) {
    parts.push(part);
    length += part.length;
    if (length > mostBytes) throw tooLong(file, mostBytes);
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function tooLong(file: string, mostBytes: number): ConfigError {
  return new ConfigError("unreadable", `Cannot read ${file}: it has more than ${mostBytes} bytes`);
}

/**
 * What a request means where its language has no types for it: Perl, PHP and old Ruby send text as bytes,
 * and files as text.
 */

import { MAX_NAME_CHARS } from "./limits.ts";
import type { Fields } from "./read.ts";
import { BROKEN_TEXT, type Container, isContainer } from "./values.ts";
import { isUtf8 } from "./utf8.ts";

/** Fields where bytes are no text: two sizes in Go's `[]byte` are not `"@@"`. */
const NO_TEXT: readonly string[] = ["init_image", "size", "tileset_grid"];

/** Most bytes that a name or path can have in UTF-8. */
const MAX_NAME_BYTES = 4 * MAX_NAME_CHARS;

/** Puts text and files where they are meant, and leaves the rest to be refused with a reason. */
export function asMeant({ fields, hasBytes, raw }: Fields): Container {
  const { init_image: image } = fields;
  if (hasBytes) {
    for (const key of Object.keys(fields)) {
      if (!NO_TEXT.includes(key)) fields[key] = withText(fields[key]);
    }
    if (image instanceof Uint8Array && isPath(image)) fields["init_image"] = textOf(image);
  }
  const mayBeFile = image === BROKEN_TEXT ||
    (typeof image === "string" && image.startsWith("RIFF"));
  if (mayBeFile) {
    const bytes = raw()["init_image"];
    if (bytes instanceof Uint8Array && isImage(bytes)) fields["init_image"] = bytes;
  }
  return fields;
}

/** The value with text for all bytes that are UTF-8; no field but `init_image` takes bytes. */
function withText(value: unknown): unknown {
  if (value instanceof Uint8Array) return textOf(value);
  if (!isContainer(value)) return value;
  for (const key of Object.keys(value)) value[key] = withText(value[key]);
  return value;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(bytes: Uint8Array): string | Uint8Array {
  return isUtf8(bytes) ? decoder.decode(bytes) : bytes;
}

/** Whether bytes are meant as a path: short, and ending as the name of an image does. */
function isPath(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_NAME_BYTES || isImage(bytes) || !isUtf8(bytes)) return false;
  return /\.(?:png|jpe?g|webp)$/i.test(decoder.decode(bytes));
}

/** Whether bytes begin as a PNG, JPEG or WEBP does: the files that a job can start from. */
function isImage(bytes: Uint8Array): boolean {
  const start = (from: number, hex: string) =>
    bytes.subarray(from, from + hex.length / 2).toHex() === hex;
  return start(0, "89504e470d0a1a0a") || start(0, "ffd8ff") ||
    (start(0, "52494646") && start(8, "57454250"));
}

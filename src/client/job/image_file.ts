/** An image fetched from the worker, piece by piece. */

import { JobError, ProtocolError } from "../../errors.ts";
import type { ImageData } from "../../protocol/mod.ts";

/** The file of an image. */
export interface ImageFile {
  /** Its bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** What it is by its first bytes, such as `image/png`. */
  readonly contentType: string;
}

/** Largest image that is fetched unless less is asked for, in bytes: what a worker says must not fill the memory. */
const MOST_BYTES = 1_073_741_824;

/**
 * Puts an image together.
 *
 * @param askFrom Asks for the piece that begins there.
 * @throws {ProtocolError} `too_large` if it has more bytes than wanted.
 * @throws {JobError} `lost` if the file changes meanwhile.
 */
export async function wholeImage(
  askFrom: (offset: number) => Promise<ImageData>,
  maxBytes: number = MOST_BYTES,
): Promise<ImageFile> {
  const first = await askFrom(0);
  const { size_bytes: size, content_type: contentType } = first;
  if (size > maxBytes) {
    throw new ProtocolError("too_large", `The image has ${size} bytes, more than ${maxBytes}`);
  }
  if (first.data.length === size) return { data: first.data, contentType };
  const data = new Uint8Array(size);
  let filled = 0;
  for (let piece = first; filled < size; piece = await askFrom(filled)) {
    const isNext = piece.size_bytes === size && piece.offset === filled &&
      piece.data.length > 0 && filled + piece.data.length <= size;
    if (!isNext) throw new JobError("lost", "The image changed while it was fetched; ask again");
    data.set(piece.data, filled);
    filled += piece.data.length;
    if (filled === size) break;
  }
  return { data, contentType };
}

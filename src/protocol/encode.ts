/**
 * Messages to bytes. The encoder is kept: making one costs more than a message does.
 *
 * Only the size is checked, since the argument has a type. What the type cannot say is the caller's to keep:
 * `int` fields hold integers, and no number is NaN or infinite. Half of a surrogate pair becomes U+FFFD.
 *
 * @module
 */

import { Encoder } from "@msgpack/msgpack";
import { MAX_MESSAGE_BYTES, tooLarge } from "./limits.ts";
import type { Reply, Request, Update } from "./messages.ts";
import { noExtensions } from "./read.ts";
import { ProgressWriter } from "./progress_writer.ts";
import { MAX_DEPTH } from "./scan.ts";
import { isTellable, isWellFormed, tellable, wellFormed } from "./values.ts";

let encoder = createEncoder();
const progress = new ProgressWriter(encode);

function createEncoder(): Encoder {
  return new Encoder({ extensionCodec: noExtensions, ignoreUndefined: true, maxDepth: MAX_DEPTH });
}

/**
 * Writes a request. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  return encode(isWellFormed(request) ? request : wellFormed(request));
}

/**
 * Writes a reply. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeReply(reply: Reply): Uint8Array<ArrayBuffer> {
  return encode(isTellable(reply) ? reply : tellable(reply));
}

/**
 * Writes an update. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeUpdate(update: Update): Uint8Array<ArrayBuffer> {
  const written = update.type === "progress" ? progress.write(update) : undefined;
  return written ?? encode(isTellable(update) ? update : tellable(update));
}

function encode(message: unknown): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes;
  encoder = createEncoder(); // the old one's buffer has grown, and would stay so
  throw tooLarge(bytes.length);
}

/**
 * Compressed messages: told apart by their first bytes, and bounded while they are unpacked.
 *
 * `node:zlib` is used because what Deno has of its own knows no zstd, hands out all that a piece of
 * input unpacks to, and works asynchronously only. It stops at a size, whatever the stream claims.
 * A message unpacks in less time than it takes to be read afterwards, so it is done at once.
 * It is loaded with the first compressed message: with it comes Deno's layer for Node, 17 ms and 6 MB.
 */

import type { ProtocolError } from "../errors.ts";
import { malformed } from "./scan.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { checkZstdFrame, MAX_WINDOW_LOG, tooLargeInside } from "./zstd_frame.ts";

/** A way to compress messages, in the wire's spelling. */
export type CompressionMethod = "zlib" | "zstd";

/** The ways to compress messages, best first: zstd takes less than half of zlib's time. */
export const COMPRESSION_METHODS: readonly CompressionMethod[] = ["zstd", "zlib"];

let loaded: typeof import("node:zlib") | undefined;

/** At once, where an `import()` would have to be waited for. */
function zlib(): typeof import("node:zlib") {
  return loaded ??= process.getBuiltinModule("node:zlib");
}

const ZLIB_HEAD = 0x78;
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** Pieces that unpacked content comes in; larger ones mean fewer calls, in bytes. */
const CHUNK_BYTES = 65_536;

const unpackLimits = { maxOutputLength: MAX_MESSAGE_BYTES, chunkSize: CHUNK_BYTES, info: true };

/**
 * How a message is compressed, by its first bytes; undefined if it is not. No map begins so. The
 * second byte of zlib, a check on the first, keeps most other garbage out that begins with an `x`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compress, compressionOf, encodeRequest } from "./mod.ts";
 *
 * const ping = encodeRequest({ type: "ping" });
 * assert.equal(compressionOf(ping), undefined);
 * assert.equal(compressionOf(compress(ping, "zstd")), "zstd");
 * ```
 */
export function compressionOf(bytes: Uint8Array): CompressionMethod | undefined {
  // RFC 1950: the first two bytes are a multiple of 31, the lower half of the first names deflate.
  if (bytes[0] === ZLIB_HEAD && (bytes[0] * 256 + (bytes[1] ?? 0)) % 31 === 0) return "zlib";
  return ZSTD_MAGIC.every((byte, index) => bytes[index] === byte) ? "zstd" : undefined;
}

/** Whether this runtime has a method: Node below 22.15 knows no zstd. */
export function canCompress(method: CompressionMethod): boolean {
  return method === "zlib" || typeof zlib().zstdCompressSync === "function";
}

/** Compresses an encoded message. */
export function compress(bytes: Uint8Array, method: CompressionMethod): Uint8Array<ArrayBuffer> {
  if (method === "zlib") return new Uint8Array(zlib().deflateSync(bytes));
  // All in one chunk: Deno 2.9.6 adds an empty frame to what does not fit into the first one
  // (https://github.com/denoland/deno/issues/36688), which other decoders may not like.
  const chunkSize = bytes.length + Math.ceil(bytes.length / 256) + 1_024;
  return new Uint8Array(zlib().zstdCompressSync(bytes, { chunkSize }));
}

/**
 * The message within a compressed one; one that is not compressed is returned as it is.
 *
 * @throws {ProtocolError} `malformed` when the stream is broken, cut short, not the only one, or
 *   asks for a dictionary or much memory; `too_large`, without unpacking further.
 */
export function decompress(bytes: Uint8Array): Uint8Array {
  const method = compressionOf(bytes);
  if (method === undefined) return bytes;
  const end = method === "zstd" ? checkZstdFrame(bytes) : bytes.length;
  const { buffer, engine } = unpack(bytes.subarray(0, end), method);
  const rest = end - engine.bytesWritten;
  if (rest > 0) throw malformed(`${rest} bytes follow the ${method} stream`);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length); // no Node Buffer
}

/** What `info: true` makes of the result, which the typings do not tell. */
interface Unpacked {
  readonly buffer: Uint8Array;
  /** Counts the input that was read, in spite of the name. */
  readonly engine: { readonly bytesWritten: number };
}

function unpack(bytes: Uint8Array, method: CompressionMethod): Unpacked {
  try {
    const { constants, inflateSync, zstdDecompressSync } = zlib();
    const result: unknown = method === "zlib"
      ? inflateSync(bytes, unpackLimits)
      : zstdDecompressSync(
        bytes,
        { ...unpackLimits, params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } },
      );
    return result as Unpacked;
  } catch (cause) {
    throw explain(cause, method);
  }
}

function explain(cause: unknown, method: CompressionMethod): ProtocolError {
  const { code, message } = cause as { code?: string; message: string };
  switch (code) {
    case "ERR_BUFFER_TOO_LARGE":
      return tooLargeInside();
    case "Z_NEED_DICT":
      return malformed("the zlib stream needs a dictionary; compress without one", { cause });
    default:
      return malformed(`the ${method} stream is broken: ${message}`, { cause });
  }
}

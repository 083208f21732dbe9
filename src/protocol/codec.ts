/**
 * Bytes to messages and back, the one place where the wire's form is known.
 *
 * Decoding checks everything, so that inside the program only typed values exist. Encoders and
 * decoders are kept: making one costs more than a message does. A failure leaves them fit for the
 * next message.
 */

import { Decoder, type DecoderOptions, Encoder, type ExtensionCodecType } from "@msgpack/msgpack";
import { ProtocolError } from "../errors.ts";
import { decompress } from "./compression.ts";
import type { Reply, Request, Update } from "./messages.ts";
import { malformed, MAX_DEPTH, scan } from "./scan.ts";
import { MAX_MESSAGE_BYTES } from "./schemas.ts";
import { type MessageSet, replies, requests, updates, validate } from "./validate.ts";
import {
  type Container,
  countEntries,
  EXTENSION,
  isWellFormed,
  wellFormed,
  withExactText,
} from "./values.ts";

const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => EXTENSION,
};

/** The scan has already bound every length to the bytes there are; these are the second belt. */
const limits: DecoderOptions = {
  extensionCodec: noExtensions,
  maxStrLength: MAX_MESSAGE_BYTES,
  maxBinLength: MAX_MESSAGE_BYTES,
  maxExtLength: MAX_MESSAGE_BYTES,
  maxArrayLength: MAX_MESSAGE_BYTES,
  maxMapLength: MAX_MESSAGE_BYTES,
};

const decoder = new Decoder(limits);
const bytesDecoder = new Decoder({ ...limits, rawStrings: true });
let encoder = createEncoder();

function createEncoder(): Encoder {
  return new Encoder({ extensionCodec: noExtensions, ignoreUndefined: true, maxDepth: MAX_DEPTH });
}

/**
 * Reads what a client sent, compressed or not.
 *
 * @throws {ProtocolError} `too_large`; `malformed` when the bytes are no MessagePack map;
 *   `unknown_type`; `invalid_parameter`, with `jobId` if it is a `generate` whose `id` can be read.
 */
export function decodeRequest(bytes: Uint8Array): Request {
  const request = decode(unpacked(bytes), requests);
  if (request.type === "generate" && request.init_image instanceof Uint8Array) {
    // A copy of the file alone: the decoder's view would hold, and follow, the receive buffer.
    request.init_image = new Uint8Array(request.init_image);
  }
  return request;
}

/**
 * Reads what the worker answered, compressed or not.
 *
 * @throws {ProtocolError} As {@linkcode decodeRequest}.
 */
export function decodeReply(bytes: Uint8Array): Reply {
  return decode(unpacked(bytes), replies);
}

/**
 * Reads what the worker published, which is never compressed.
 *
 * @throws {ProtocolError} As {@linkcode decodeRequest}. A subscriber passes over `unknown_type`:
 *   newer workers may publish more.
 */
export function decodeUpdate(bytes: Uint8Array): Update {
  return decode(bytes, updates);
}

/**
 * Writes a request. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  return encode(request);
}

/**
 * Writes a reply. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeReply(reply: Reply): Uint8Array<ArrayBuffer> {
  return encode(reply);
}

/**
 * Writes an update. Fields that are undefined are left out; the values are not checked.
 *
 * @throws {ProtocolError} `too_large`.
 */
export function encodeUpdate(update: Update): Uint8Array<ArrayBuffer> {
  return encode(update);
}

/** The limit holds for what comes and for what is in it. */
function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(bytes.length);
  return decompress(bytes);
}

function decode<Message>(bytes: Uint8Array, set: MessageSet<Message>): Message {
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(bytes.length);
  const { entries, nulls, plainText } = scan(bytes, set.maxValues);
  let fields = read(decoder, bytes);
  if (countEntries(fields) < entries) throw malformed("a map has the same key twice");
  if (!plainText) fields = withExactText(fields, read(bytesDecoder, bytes));
  return validate(set, fields as Container, nulls > 0);
}

function read(from: Decoder, bytes: Uint8Array): unknown {
  try {
    return from.decode(bytes);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function encode(message: Request | Reply | Update): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(isWellFormed(message) ? message : wellFormed(message));
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes;
  encoder = createEncoder(); // the old one's buffer has grown, and would stay so
  throw tooLarge(bytes.length);
}

function tooLarge(size: number): ProtocolError {
  return new ProtocolError(
    "too_large",
    `Message too large: ${size} bytes, the limit is ${MAX_MESSAGE_BYTES}`,
  );
}

/**
 * Bytes to plain values: MessagePack and nothing more.
 *
 * Decoders are kept: making one costs more than a message does. A failure leaves them fit for the next
 * message.
 */

import { Decoder, type DecoderOptions, type ExtensionCodecType } from "@msgpack/msgpack";
import { MAX_MESSAGE_BYTES, tooLarge } from "./limits.ts";
import { malformed, scan } from "./scan.ts";
import { type Container, countEntries, EXTENSION, withExactText } from "./values.ts";

/** Extension types are not written, and read as what no field can be. */
export const noExtensions: ExtensionCodecType<undefined> = {
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
/** A map as it was sent. */
export interface Fields {
  readonly fields: Container;
  /** Whether a null stands anywhere in it. */
  readonly hasNulls: boolean;
}

/**
 * Reads a map with as many values as are allowed.
 *
 * @throws {ProtocolError} `too_large`, `malformed`.
 */
export function readFields(bytes: Uint8Array, maxValues: number): Fields {
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(bytes.length);
  const { entries, nulls, plainText } = scan(bytes, maxValues);
  let fields = read(decoder, bytes);
  if (countEntries(fields) < entries) throw malformed("a map has the same key twice");
  if (!plainText) fields = withExactText(fields, read(bytesDecoder, bytes));
  return { fields: fields as Container, hasNulls: nulls > 0 };
}

function read(from: Decoder, bytes: Uint8Array): unknown {
  try {
    return from.decode(bytes);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

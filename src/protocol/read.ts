/**
 * Bytes to plain values: MessagePack and nothing more. The library does not tell a float without a fraction
 * from an integer, so both pass for an `int` field. `deno.json` maps it to its ESM build, since the one for
 * CommonJS takes 30 ms to load in place of 4, and 14 MB in place of 4.
 *
 * Decoders are kept: making one costs more than a message does. A failure leaves them fit for the next
 * message.
 */

import { Decoder, type DecoderOptions, type ExtensionCodecType } from "@msgpack/msgpack";
import { MAX_MESSAGE_BYTES, tooLarge } from "./limits.ts";
import { keyOf, startKeys, withoutOddKeys } from "./odd_keys.ts";
import { malformed, scan } from "./scan.ts";
import { type Container, countEntries, EXTENSION, withExactText } from "./values.ts";

/**
 * Extension types are not written, and read as what no field can be; but msgpackr's `undefined`, which the
 * scan counts with the nulls, is one.
 */
export const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: (data, type) => type === 0 && data.length === 1 && data[0] === 0 ? null : EXTENSION,
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
/** For messages with keys that are no text; nearly none has. */
const oddDecoder = new Decoder({ ...limits, mapKeyConverter: keyOf });
/** For the words about an integer that a JavaScript number cannot hold. */
const exactDecoder = new Decoder({ ...limits, useBigInt64: true, mapKeyConverter: keyOf });
const oddBytesDecoder = new Decoder({ ...limits, rawStrings: true, mapKeyConverter: keyOf });

/** A map as it was sent. */
export interface Fields {
  readonly fields: Container;
  /** Whether a null stands anywhere in it. */
  readonly hasNulls: boolean;
  /** Whether bytes stand anywhere in it. */
  readonly hasBytes: boolean;
  /** The same map with bytes in the place of all text; read anew with each call. */
  raw(): Container;
  /** The same map with integers of 64 bits as bigints, to quote them; read anew with each call. */
  exact(): Container;
}

/**
 * Reads a map with as many values as are allowed.
 *
 * @throws {ProtocolError} `too_large`, `malformed`.
 */
export function readFields(bytes: Uint8Array, maxValues: number): Fields {
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(bytes.length);
  const { entries, nulls, plainText, hasOddKeys, hasBytes } = scan(bytes, maxValues);
  const raw = () => read(hasOddKeys ? oddBytesDecoder : bytesDecoder, bytes) as Container;
  const exact = () => read(exactDecoder, bytes) as Container;
  let fields = read(hasOddKeys ? oddDecoder : decoder, bytes);
  if (countEntries(fields) < entries) throw malformed("a map has the same key twice");
  if (!plainText) fields = withExactText(fields, raw());
  if (hasOddKeys) fields = withoutOddKeys(fields as Container);
  return { fields: fields as Container, hasNulls: nulls > 0, hasBytes, raw, exact };
}

function read(from: Decoder, bytes: Uint8Array): unknown {
  startKeys();
  try {
    return from.decode(bytes);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

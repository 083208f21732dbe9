/** Requests, as far as they can be read without the schemas. */

import { decompress } from "./compression.ts";
import { asMeant } from "./lenient.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_VALUES, tooLarge } from "./limits.ts";
import type { Request } from "./messages.ts";
import { readFields } from "./read.ts";
import { withOwnImage } from "./stored.ts";
import { sureRequest } from "./sure.ts";
import { type Container, withoutNulls } from "./values.ts";

/** What a client sent: surely a request, or a map that is still to be judged. */
export type ReadRequest =
  | { readonly type: "sure"; readonly request: Request }
  | {
    readonly type: "doubtful";
    /** The map. */
    readonly fields: Container;
    /** Whether a null stands anywhere in it. */
    readonly hasNulls: boolean;
    /** The same map with integers of 64 bits as bigints. */
    readonly exact: () => Container;
  };

/**
 * Reads what a client sent, compressed or not.
 *
 * @throws {ProtocolError} `too_large`; `malformed` when the bytes are no MessagePack map.
 */
export function readRequest(bytes: Uint8Array): ReadRequest {
  const read = readFields(unpacked(bytes), MAX_REQUEST_VALUES);
  const { hasNulls, exact } = read;
  const fields = asMeant(read);
  const request = sureRequest(hasNulls ? withoutNulls(fields) as Container : fields);
  if (request === undefined) return { type: "doubtful", fields, hasNulls, exact };
  return { type: "sure", request: withOwnImage(request) };
}

/** The limit holds for what comes and for what is in it. */
export function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(bytes.length);
  return decompress(bytes);
}

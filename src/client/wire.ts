/** Where messages become bytes and bytes become messages: the client's only use of the codec. */

import { ProtocolError } from "../errors.ts";
import {
  decodeReply,
  decodeUpdate,
  encodeRequest,
  type Reply,
  type Request,
  type Update,
} from "../protocol/mod.ts";

/** Bytes of a request. @throws {ProtocolError} `too_large`. */
export function writeRequest(request: Request): Uint8Array {
  return encodeRequest(request);
}

/** The reply that bytes are. @throws {ProtocolError} if they are none. */
export function readReply(bytes: Uint8Array): Reply {
  return decodeReply(bytes);
}

/** The update that bytes are. What this client does not know belongs to a newer worker. */
export function readUpdate(bytes: Uint8Array): Update | undefined {
  try {
    return decodeUpdate(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Requests that were checked before they were stored. */

import type { GenerateRequest, Request } from "./messages.ts";
import { readFields } from "./read.ts";

/**
 * Reads a `generate` as `encodeRequest` wrote it. It is not checked again, so it can be read without the
 * schemas, which take a while to load, and in a third of the time.
 *
 * @throws {ProtocolError} `malformed` when the bytes are no MessagePack map.
 */
export function decodeStored(bytes: Uint8Array): GenerateRequest {
  const { fields } = readFields(bytes, Infinity);
  return withOwnImage(fields as unknown as GenerateRequest);
}

/** A copy of the file alone: the decoder's view would hold, and follow, the buffer that was read. */
export function withOwnImage<T extends Request>(request: T): T {
  if (request.type === "generate" && request.init_image instanceof Uint8Array) {
    request.init_image = new Uint8Array(request.init_image);
  }
  return request;
}

/**
 * Bytes to messages, with every check: inside the program only typed values exist.
 *
 * @module
 */

import type { Reply, Request, Update } from "./messages.ts";
import { readFields } from "./read.ts";
import { type ReadRequest, readRequest, unpacked } from "./requests.ts";
import { withOwnImage } from "./stored.ts";
import { rounded } from "./values.ts";
import { type MessageSet, replies, requests, updates, validate } from "./validate.ts";

/**
 * Reads what a client sent, compressed or not: bytes where text is meant, if they are UTF-8, and text that
 * is an image file are taken as they are meant.
 *
 * @throws {ProtocolError} `too_large`; `malformed` when the bytes are no MessagePack map;
 *   `unknown_type`; `invalid_parameter`, with `jobId` if it is a `generate` whose `id` can be read.
 */
export function decodeRequest(bytes: Uint8Array): Request {
  return judgeRequest(readRequest(bytes));
}

/**
 * Checks a request that was read.
 *
 * @throws {ProtocolError} `unknown_type`, `invalid_parameter`.
 */
export function judgeRequest(read: ReadRequest): Request {
  if (read.type === "sure") return read.request;
  return withOwnImage(validate(requests, read.fields, read.hasNulls, read.exact));
}

/**
 * Checks a request that came as plain values, over HTTP for one. Undefined and null fields count as absent;
 * bigints are for the words about integers that are too large.
 *
 * @throws {ProtocolError} `unknown_type`, `invalid_parameter`.
 */
export function requestOf(fields: Record<string, unknown>): Request {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const exact = Object.fromEntries(given);
  return validate(requests, rounded(exact), true, () => exact);
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

function decode<Message>(bytes: Uint8Array, set: MessageSet<Message>): Message {
  const { fields, hasNulls, exact } = readFields(bytes, set.maxValues);
  return validate(set, fields, hasNulls, exact);
}

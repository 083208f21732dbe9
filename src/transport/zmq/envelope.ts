/** What a message of a ROUTER is made of: who sent it, what must be sent back unread, and the body. */

import type { Frames } from "./options.ts";

/** Identity and envelope, to be sent back before the answer. */
export type Envelope = readonly Uint8Array[];

/**
 * Splits a message into what must be sent back unread and the body. As REP does, everything up to the
 * first empty frame is envelope: REQ sends just the empty one, proxies and REQ with
 * `ZMQ_REQ_CORRELATE` put frames before it. A DEALER may leave the empty frame out.
 *
 * @see https://rfc.zeromq.org/spec/28/
 */
export function splitEnvelope(frames: Frames): { envelope: Envelope; body: Frames } {
  let end = 1;
  while (end < frames.length && frames[end]!.length > 0) end++;
  end = end < frames.length ? end + 1 : 1;
  return { envelope: frames.slice(0, end), body: frames.slice(end) };
}

/** Whether two envelopes are the same, byte for byte. */
export function isSameEnvelope(one: Envelope, other: Envelope): boolean {
  return one.length === other.length && one.every((frame, index) => isSame(frame, other[index]!));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Bytes of a message. */
export function bytesOf(frames: Frames): number {
  return frames.reduce((bytes, frame) => bytes + frame.length, 0);
}

/** A peer's identity as a key; identities have 5 bytes unless the peer chose its own. */
export function keyOf(identity: Uint8Array): string {
  let key = "";
  for (const byte of identity) key += String.fromCharCode(byte);
  return key;
}

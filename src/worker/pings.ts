/** Plain pings, answered from their bytes. */

/** `{ type: "ping" }` and `{ type: "pong" }` as the codec writes them, which is not loaded yet. */
const PING = message("ping");
const PONG = message("pong");

/** Answers a plain ping, which always looks the same, and others ask thousands of times a second. */
export function answerPing(body: Uint8Array): Uint8Array | undefined {
  if (body.length !== PING.length) return undefined;
  for (let index = 0; index < PING.length; index++) {
    if (body[index] !== PING[index]) return undefined;
  }
  return PONG;
}

/** MessagePack: a map of one entry (0x81) of two short texts (0xa0 + length). */
function message(type: string): Uint8Array {
  const text = new TextEncoder();
  return new Uint8Array([
    0x81,
    0xa4,
    ...text.encode("type"),
    0xa0 + type.length,
    ...text.encode(type),
  ]);
}

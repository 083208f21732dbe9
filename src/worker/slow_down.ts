/** What a peer hears that asks more than its share while others wait. */

const SENTENCE = "Backend busy: slow down: this client has too many requests waiting; " +
  "ask again when some are answered";

/** `{ type: "error", message }` as the codec would write it, which whoever only pings does not load. */
export const SLOW_DOWN: Uint8Array = new Uint8Array([
  0x82,
  ...text("type"),
  ...text("error"),
  ...text("message"),
  ...text(SENTENCE),
]);

/** MessagePack: a text with its length in a byte (0xd9). */
function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [0xd9, bytes.length, ...bytes];
}

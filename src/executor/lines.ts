/**
 * Messages as lines of JSON, for isolates that are processes. JSON is read without danger whoever wrote it.
 * Bytes travel as text that starts with U+0000 and `b`; text that starts with U+0000 gets another one.
 */

/** Longest line, in bytes: a request with its image as text, or the models of a large server. */
export const MAX_LINE_BYTES: number = 64 * 2 ** 20;

/** Exit status of a process that found itself too large. */
export const TOO_LARGE_STATUS = 70;

const encoder = new TextEncoder();
const NEWLINE = 10;

/** A message as a line. */
export function writeLine(message: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${JSON.stringify(message, (_key, value) => shown(value))}\n`);
}

/**
 * Reads the messages of a stream, and gives it up when left.
 *
 * @throws {RangeError} if a line is too long.
 * @throws {SyntaxError} if a line is no JSON.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<unknown, void, undefined> {
  let parts: Uint8Array[] = [];
  let held = 0;
  const hold = (part: Uint8Array) => {
    held += part.length;
    if (held > maxBytes) throw new RangeError(`A line is longer than ${maxBytes} bytes`);
    // The bytes alone: the buffer around them may be much larger.
    parts.push(part.slice());
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, end));
      const line = await new Blob(parts as BlobPart[]).text();
      [parts, held, start] = [[], 0, end + 1];
      yield JSON.parse(line, (_key, value) => meant(value));
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return `\0b${value.toBase64()}`;
  return typeof value === "string" && value.startsWith("\0") ? `\0${value}` : value;
}

function meant(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("\0")) return value;
  return value[1] === "b" ? Uint8Array.fromBase64(value.slice(2)) : value.slice(1);
}

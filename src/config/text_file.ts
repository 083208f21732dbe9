/** Text files of the configuration, pipes too, read no further than one may be long. */

/** Largest file; a configuration has a few KB. */
const MAX_BYTES = 4 * 1_048_576;

/**
 * Reads a file.
 *
 * @throws {Error} if it cannot be read, or does not end in time.
 */
export async function readTextFile(path: string): Promise<string> {
  using file = await Deno.open(path);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const room = new Uint8Array(65_536);
  for (;;) {
    const read = await file.read(room);
    if (read === null) return await new Blob(pieces).text();
    size += read;
    if (size > MAX_BYTES) throw new Error(`It has more than ${MAX_BYTES} bytes`);
    pieces.push(room.slice(0, read));
  }
}

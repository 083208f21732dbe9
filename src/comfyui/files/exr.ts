/** Whether an OpenEXR file is all there (https://openexr.com/en/latest/OpenEXRFileLayout.html) (pure). */

import { textAt, viewOf } from "./containers.ts";

/** The only version there is, and the flags of files in tiles, of deep pixels and of several parts. */
const [VERSION, OTHER_LAYOUTS] = [2, 0x1a];

/** Lines of a block, by the number of the compression. */
const BLOCK_LINES = [1, 1, 1, 16, 32, 16, 32, 32, 32, 256];

/** Attributes of a header, and characters of their names, that are read. */
const [MAX_ATTRIBUTES, MAX_NAME_CHARS] = [10_000, 256];

/** Every block of lines lies within the file; of other layouts only the version is looked at. */
export function isWholeExr(bytes: Uint8Array): boolean {
  if (bytes[4] !== VERSION) return false;
  if ((bytes[5]! & OTHER_LAYOUTS) !== 0) return true;
  const header = readHeader(bytes);
  if (header === undefined) return false;
  const view = viewOf(bytes);
  const blocks = Math.ceil(header.lines / header.blockLines);
  if (header.end + blocks * 8 > bytes.length) return false;
  for (let nth = 0; nth < blocks; nth++) {
    const at = Number(view.getBigUint64(header.end + nth * 8, true));
    // Its first line and its length come first.
    if (at < header.end + blocks * 8 || at + 8 > bytes.length) return false;
    if (at + 8 + view.getUint32(at + 4, true) > bytes.length) return false;
  }
  return true;
}

/** What the header says of the blocks, and where it ends. */
function readHeader(
  bytes: Uint8Array,
): { lines: number; blockLines: number; end: number } | undefined {
  const view = viewOf(bytes);
  let [lines, blockLines] = [0, 0];
  for (let at = 8, count = 0; at < bytes.length && count < MAX_ATTRIBUTES; count++) {
    if (bytes[at] === 0) {
      return lines > 0 && blockLines > 0 ? { lines, blockLines, end: at + 1 } : undefined;
    }
    const name = wordAt(bytes, at);
    const type = wordAt(bytes, at + name.length + 1);
    const start = at + name.length + type.length + 6;
    if (start > bytes.length) return undefined;
    const end = start + view.getUint32(start - 4, true);
    if (end > bytes.length) return undefined;
    if (name === "dataWindow" && end - start === 16) {
      lines = view.getInt32(start + 12, true) - view.getInt32(start + 4, true) + 1;
    }
    if (name === "compression") blockLines = BLOCK_LINES[bytes[start] ?? 255] ?? 0;
    at = end;
  }
  return undefined;
}

/** A text up to its closing zero. */
function wordAt(bytes: Uint8Array, at: number): string {
  const text = textAt(bytes, at, MAX_NAME_CHARS);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

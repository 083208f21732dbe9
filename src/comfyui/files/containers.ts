/** Whether container files reach their end: their parts tell how long they are (pure). */

/** Parts that are looked at; a film has few on its first level. */
const MAX_PARTS = 100_000;

/** A number of four bytes as RIFF and glTF write it; 0 beyond the end. */
export function littleEndian(bytes: Uint8Array, at: number): number {
  return at + 4 > bytes.length ? 0 : viewOf(bytes).getUint32(at, true);
}

/** A chunk of these may be larger than it was known to become, when its head was written to a stream. */
const STREAMED_CHUNKS = /^(?:data|LIST|VP8[ LX])$/;

/** What the first chunk of a file is, and one that it cannot do without, for each form. */
const CHUNKS: Readonly<Record<string, readonly [first: RegExp, needed: RegExp]>> = {
  "WEBP": [/^VP8[ LX]$/, /^/],
  "WAVE": [/^[\w ]{4}$/, /^data$/],
  "AVI ": [/^(?:LIST|JUNK)$/, /^LIST$/],
};

/**
 * RIFF (WEBP, WAV, AVI): a file that ends before its last chunk does is cut, and nothing follows but zeros.
 *
 * Some writers count the eight bytes of the header into the size, so that a file may seem to lack as
 * many; then the chunks decide.
 */
export function isWholeRiff(bytes: Uint8Array): boolean {
  const told = littleEndian(bytes, 4);
  const form = textAt(bytes, 8, 4);
  const [first, needed] = CHUNKS[form] ?? [/^$/, /^$/];
  // A WAV that was written to a stream does not know.
  const isUnknown = told === 0xffff_ffff && form === "WAVE";
  const announced = isUnknown ? bytes.length : told + 8;
  // Not even one chunk.
  if (bytes.length < 20 || announced < 20) return false;
  if (bytes.length + 8 < announced || !first.test(textAt(bytes, 12, 4))) return false;
  const end = Math.min(announced, bytes.length);
  // A film of more than a gigabyte goes on in a second such file.
  if (!isZero(bytes.subarray(end)) && textAt(bytes, end, 4) !== "RIFF") return false;
  let isThere = false;
  for (let at = 12, part = 0; at + 8 <= end && part < MAX_PARTS; part++) {
    const size = littleEndian(bytes, at + 4);
    const next = at + 8 + size;
    const type = textAt(bytes, at, 4);
    isThere ||= needed.test(type);
    if (next > announced) return isThere && STREAMED_CHUNKS.test(type);
    if (next > bytes.length) return false;
    at = next + (size % 2);
  }
  return isThere;
}

/** Whether there is nothing but zeros, which some writers fill up a block with. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** glTF's type of the first chunk, which is its JSON (glTF 2.0, 4.4). */
const GLB_JSON = "JSON";

/** GLB: its length is the file's, and its first chunk lies within. */
export function isWholeGlb(bytes: Uint8Array): boolean {
  const version = littleEndian(bytes, 4);
  const announced = littleEndian(bytes, 8);
  if ((version !== 1 && version !== 2) || announced < 12 || announced !== bytes.length) {
    return false;
  }
  // Version 1 has no chunks.
  if (version === 1) return true;
  return textAt(bytes, 16, 4) === GLB_JSON && 20 + littleEndian(bytes, 12) <= bytes.length;
}

/** Bytes as a text of as many characters; fewer where the file ends. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  // Spread, each byte would be an object on its way.
  return Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + length));
}

/** Its numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the first chunk of a PNG says (PNG, 11.2.1). */
export interface PngHead {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  /** Number of the colour type. */
  readonly colorType: number;
}

/** Reads the first chunk of a PNG; undefined if it is not all there, or is no header. */
export function pngHead(bytes: Uint8Array): PngHead | undefined {
  if (bytes.length < 26 || textAt(bytes, 12, 4) !== "IHDR") return undefined;
  const view = viewOf(bytes);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colorType: view.getUint8(25),
  };
}

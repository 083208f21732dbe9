/** Whether container files reach their end: their parts tell how long they are (pure). */

/** Parts that are looked at; a film has few on its first level. */
const MAX_PARTS = 100_000;

/** A number of four bytes as RIFF and glTF write it; 0 beyond the end. */
export function littleEndian(bytes: Uint8Array, at: number): number {
  return at + 4 > bytes.length ? 0 : viewOf(bytes).getUint32(at, true);
}

/** A chunk of these may be larger than it was known to become, when its head was written to a stream. */
const STREAMED_CHUNKS = /^(?:data|LIST|VP8[ LX])$/;

/** What the first chunk of a file is, for each form. */
const FIRST_CHUNKS: Readonly<Record<string, RegExp>> = {
  "WEBP": /^VP8[ LX]$/,
  "WAVE": /^[\w ]{4}$/,
  "AVI ": /^(?:LIST|JUNK)$/,
};

/**
 * RIFF (WEBP, WAV, AVI): a file that ends before its last chunk does is cut.
 *
 * Some writers count the eight bytes of the header into the size, so that a file may seem to lack as
 * many; then the chunks decide.
 */
export function isWholeRiff(bytes: Uint8Array): boolean {
  const told = littleEndian(bytes, 4);
  // A WAV that was written to a stream does not know.
  const isUnknown = told === 0xffff_ffff && textAt(bytes, 8, 4) === "WAVE";
  const announced = isUnknown ? bytes.length : told + 8;
  // Not even one chunk.
  if (bytes.length < 20 || announced < 20) return false;
  if (bytes.length + 8 < announced) return false;
  if (FIRST_CHUNKS[textAt(bytes, 8, 4)]?.test(textAt(bytes, 12, 4)) !== true) return false;
  const end = Math.min(announced, bytes.length);
  for (let at = 12, part = 0; at + 8 <= end && part < MAX_PARTS; part++) {
    const size = littleEndian(bytes, at + 4);
    const next = at + 8 + size;
    if (next > announced) return STREAMED_CHUNKS.test(textAt(bytes, at, 4));
    if (next > bytes.length) return false;
    at = next + (size % 2);
  }
  return true;
}

/** The boxes that describe a film, and an image. */
const FILM_BOXES = ["moov", "moof"];
const IMAGE_BOXES = ["meta", "moov", "moof"];

/** MP4 and MOV: see {@linkcode isWholeBoxes}. */
export function isWholeFilm(bytes: Uint8Array): boolean {
  return isWholeBoxes(bytes, FILM_BOXES);
}

/** AVIF: see {@linkcode isWholeBoxes}. */
export function isWholeAvif(bytes: Uint8Array): boolean {
  return isWholeBoxes(bytes, IMAGE_BOXES);
}

/**
 * ISO base media: every box on the first level must end within the file, and what describes the media must
 * be among them. ISO/IEC 14496-12, section 4.2.
 */
function isWholeBoxes(bytes: Uint8Array, descriptions: readonly string[]): boolean {
  const view = viewOf(bytes);
  const seen = new Set<string>();
  for (let at = 0, part = 0; at < bytes.length && part < MAX_PARTS; part++) {
    // A rest too short for a box is the beginning of one.
    if (at + 8 > bytes.length) return false;
    let size = view.getUint32(at);
    seen.add(textAt(bytes, at + 4, 4));
    if (size === 1) {
      if (at + 16 > bytes.length) return false;
      size = Number(view.getBigUint64(at + 8));
    }
    // It reaches to the end of the file, wherever that is.
    if (size === 0) break;
    if (size < 8 || at + size > bytes.length) return false;
    at += size;
  }
  return descriptions.some((box) => seen.has(box));
}

/** EBML ids of the two elements on the first level (RFC 8794, RFC 9559). */
const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;

/** Matroska and WebM: the segment tells its size, unless it was written to a stream. */
export function isWholeMatroska(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let hasSegment = false;
  for (let at = 0, part = 0; at + 5 <= bytes.length && part < MAX_PARTS; part++) {
    const id = view.getUint32(at);
    if (id !== EBML && id !== SEGMENT) return hasSegment;
    hasSegment ||= id === SEGMENT;
    const size = readSize(bytes, at + 4);
    if (size === undefined) return false;
    if (size.value === "unknown") return hasSegment;
    const end = at + 4 + size.length + size.value;
    if (end > bytes.length) return false;
    at = end;
  }
  return hasSegment;
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

/** A number of variable length: as many bytes as zeros before its first one, and one. */
function readSize(
  bytes: Uint8Array,
  at: number,
): { value: number | "unknown"; length: number } | undefined {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || at + length > bytes.length) return undefined;
  const digits = bytes.subarray(at, at + length);
  let value = first & (0xff >> length);
  let isUnknown = value === (0xff >> length);
  for (const byte of digits.subarray(1)) {
    value = value * 256 + byte;
    isUnknown &&= byte === 0xff;
  }
  return { value: isUnknown ? "unknown" : value, length };
}

/** Bytes as a text of as many characters; fewer where the file ends. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
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

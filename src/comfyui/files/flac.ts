/** Whether a FLAC file is all there (RFC 9639) (pure). */

import { isZero, viewOf } from "./containers.ts";
import { crcTable } from "./crc.ts";

/** Type of the first block, which describes the sound, and its place and length. */
const [STREAMINFO, STREAMINFO_AT, STREAMINFO_BYTES] = [0, 8, 34];

/** A frame begins with these 15 bits (section 9.1). */
const SYNC = 0xfff8;

/** Longest frame that is looked for at the end, where the file does not tell how long they are. */
const MAX_FRAME_BYTES = 1_048_576;

const HEADER_TABLE = crcTable(0x07, 8);
const FRAME_TABLE = crcTable(0x8005, 16);

/** Samples of a frame by the code in its header (section 9.1.1); 6 and 7 are told behind its number. */
const BLOCK_SIZES = [
  0,
  192,
  576,
  1152,
  2304,
  4608,
  -1,
  -2,
  256,
  512,
  1024,
  2048,
  4096,
  8192,
  16384,
  32768,
];

/** What describes the sound lies within the file, and the last frame is whole and brings the last sample. */
export function isWholeFlac(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  if (bytes.length < STREAMINFO_AT + STREAMINFO_BYTES) return false;
  if (
    (view.getUint8(4) & 0x7f) !== STREAMINFO ||
    (view.getUint32(4) & 0xff_ff_ff) !== STREAMINFO_BYTES
  ) {
    return false;
  }
  const start = soundStart(bytes);
  const total = (view.getUint8(STREAMINFO_AT + 13) & 15) * 2 ** 32 +
    view.getUint32(STREAMINFO_AT + 14);
  if (start === undefined) return false;
  if (isZero(bytes.subarray(start))) return total === 0;
  if (!isSync(view, start)) return false;
  const most = view.getUint32(STREAMINFO_AT + 7) >>> 8;
  const last = lastFrame(bytes, start, most || MAX_FRAME_BYTES);
  if (last === undefined) return false;
  const blockSamples = view.getUint16(STREAMINFO_AT);
  const first = last.isSample ? last.number : last.number * blockSamples;
  return total === 0 || first + last.samples === total;
}

/** Where the blocks end; undefined if one does not lie within the file. */
function soundStart(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  for (let at = 4; at + 4 <= bytes.length;) {
    const head = view.getUint32(at);
    at += 4 + (head & 0xff_ff_ff);
    if (at > bytes.length) return undefined;
    if (head >>> 31 === 1) return at;
  }
  return undefined;
}

function isSync(view: DataView, at: number): boolean {
  return at + 2 <= view.byteLength && (view.getUint16(at) & 0xfffe) === SYNC;
}

interface Frame {
  /** Of the frame, or of its first sample. */
  readonly number: number;
  readonly isSample: boolean;
  readonly samples: number;
}

/** The frame that ends with the file. */
function lastFrame(bytes: Uint8Array, start: number, most: number): Frame | undefined {
  const view = viewOf(bytes);
  for (let at = bytes.length - 8; at >= Math.max(start, bytes.length - most - 8); at--) {
    const frame = isSync(view, at) ? readFrame(bytes, at) : undefined;
    if (frame === undefined) continue;
    const sum = bytes.subarray(at, -2).reduce(
      (rest, byte) => ((rest << 8) & 0xffff) ^ FRAME_TABLE[(rest >> 8) ^ byte]!,
      0,
    );
    if (sum === view.getUint16(bytes.length - 2)) return frame;
  }
  return undefined;
}

/** Reads a frame's header; undefined if it is none. */
function readFrame(bytes: Uint8Array, start: number): Frame | undefined {
  const code = bytes[start + 2]! >> 4;
  const first = bytes[start + 4] ?? 0xff;
  // As UTF-8 does: leading ones tell how many bytes there are.
  const ones = Math.clz32(~(first << 24));
  if (ones === 1 || ones > 7) return undefined;
  let number = ones === 0 ? first : first & (0x7f >> ones);
  let at = start + 5;
  for (let nth = 1; nth < ones; nth++) number = number * 64 + ((bytes[at++] ?? 0) & 0x3f);
  let samples = BLOCK_SIZES[code]!;
  if (samples === -1) samples = (bytes[at++] ?? 0) + 1;
  else if (samples === -2) samples = (((bytes[at++] ?? 0) << 8) | (bytes[at++] ?? 0)) + 1;
  const rate = bytes[start + 2]! & 15;
  at += rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0;
  const sum = bytes.subarray(start, at).reduce((rest, byte) => HEADER_TABLE[rest ^ byte]!, 0);
  if (samples === 0 || sum !== bytes[at]) return undefined;
  return { number, isSample: (bytes[start + 1]! & 1) === 1, samples };
}

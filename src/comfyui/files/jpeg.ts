/** Whether a JPEG is all there, as far as that shows without making pixels of it (ITU-T T.81, annex B) (pure). */

import { isZero, viewOf } from "./containers.ts";
import { HuffmanCode, isWholeScan, MOST_WALKED_BYTES, type Scan } from "./jpeg_scan.ts";

const [START_OF_SCAN, END, FILL, STUFFING] = [0xda, 0xd9, 0xff, 0x00];
const [HUFFMAN_TABLES, RESTART_INTERVAL] = [0xc4, 0xdd];

/** Frames whose blocks take at least a bit each: those packed by Huffman's codes, one after the other. */
const [BASELINE, EXTENDED, PROGRESSIVE] = [0xc0, 0xc1, 0xc2];

/** Samples of a block across and down. */
const BLOCK = 8;

/** What may stand between scans: tables, lines, restarts, applications' own, comments. */
function isBetween(marker: number): boolean {
  return marker === 0xc4 || marker === 0xcc || (marker >= 0xda && marker <= 0xdd) ||
    (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function isFrame(marker: number): boolean {
  // Tables and extensions are among their numbers.
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** What a frame says of itself. */
interface Frame {
  readonly marker: number;
  readonly width: number;
  /** 0 if it is told behind the first scan. */
  readonly height: number;
  readonly components: ReadonlyMap<number, { readonly across: number; readonly down: number }>;
}

/** Segments and scans follow each other up to the end, and zeros at most behind it. */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const codes = new Map<number, HuffmanCode>();
  const budget = { bytes: MOST_WALKED_BYTES };
  let frame: Frame | undefined;
  let [scans, scanBytes, restartUnits] = [0, 0, 0];
  for (let at = 2; at + 2 <= bytes.length;) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff) return false;
    if (marker === FILL) {
      at += 1;
      continue;
    }
    if (marker === END) {
      const isEnough = frame !== undefined && scans > 0 && scanBytes >= leastScanBytes(frame);
      return isEnough && isZero(bytes.subarray(at + 2));
    }
    if (at + 4 > bytes.length || (scans > 0 && !isBetween(marker))) return false;
    const size = view.getUint16(at + 2);
    if (size < 2 || at + 2 + size > bytes.length) return false;
    const content = bytes.subarray(at + 4, at + 2 + size);
    if (isFrame(marker)) {
      if (frame !== undefined) return false;
      frame = readFrame(content, marker);
      if (frame === undefined) return false;
    }
    if (marker === HUFFMAN_TABLES && !readCodes(content, codes)) return false;
    if (marker === RESTART_INTERVAL && size === 4) restartUnits = view.getUint16(at + 4);
    at += 2 + size;
    if (marker !== START_OF_SCAN) continue;
    const end = scanEnd(bytes, at);
    const scan = frame && readScan(content, frame, codes, { restartUnits, budget });
    if (scan === "damaged" || (scan && !isWholeScan(bytes.subarray(at, end), scan))) return false;
    scanBytes += end - at;
    scans += 1;
    at = end;
  }
  return false;
}

/** Where the next marker is that is not one of the scan's own. */
function scanEnd(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? STUFFING;
    if (next !== STUFFING && next !== FILL && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

/** Undefined for a frame that cannot be. */
function readFrame(content: Uint8Array, marker: number): Frame | undefined {
  if (content.length < 9) return undefined;
  const [height, width] = [number16(content, 1), number16(content, 3)];
  const listed = Array.from({ length: content[5]! }, (_, nth) => {
    const [id = 0, factors = 0] = content.subarray(6 + nth * 3);
    return [id, { across: factors >> 4, down: factors & 15 }] as const;
  });
  if (width === 0 || listed.length === 0) return undefined;
  const isRight = (factor: number) => factor >= 1 && factor <= 4;
  if (!listed.every(([, { across, down }]) => isRight(across) && isRight(down))) return undefined;
  return { marker, width, height, components: new Map(listed) };
}

/** Bytes that no frame of its size can do without. */
function leastScanBytes(frame: Frame): number {
  const { height, marker } = frame;
  // Its height comes later, or it is packed in another way.
  if (height === 0 || ![BASELINE, EXTENDED, PROGRESSIVE].includes(marker)) return 0;
  let blocks = 0;
  for (const id of frame.components.keys()) {
    const { across, down } = blocksOf(frame, id);
    blocks += across * down;
  }
  return Math.floor(blocks * (marker === PROGRESSIVE ? 1 : 2) / 8);
}

/** Blocks of a component, across and down. */
function blocksOf(
  { width, height, components }: Frame,
  id: number,
): { readonly across: number; readonly down: number } {
  const own = components.get(id)!;
  const [most, mostDown] = mostOf(components);
  return {
    across: Math.ceil(Math.ceil(width * own.across / most) / BLOCK),
    down: Math.ceil(Math.ceil(height * own.down / mostDown) / BLOCK),
  };
}

function mostOf(components: Frame["components"]): readonly [across: number, down: number] {
  const all = [...components.values()];
  return [
    Math.max(...all.map(({ across }) => across)),
    Math.max(...all.map(({ down }) => down)),
  ];
}

/** Reads the codes of a segment; false if it does not hold what it announces. */
function readCodes(content: Uint8Array, codes: Map<number, HuffmanCode>): boolean {
  for (let at = 0; at < content.length;) {
    const counts = content.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const values = content.subarray(at + 17, at + 17 + total);
    if (counts.length < 16 || total > 256 || values.length < total) return false;
    codes.set(content[at]!, new HuffmanCode(counts, values));
    at += 17 + total;
  }
  return true;
}

/** What a scan holds; undefined if it cannot be followed. */
function readScan(
  content: Uint8Array,
  frame: Frame,
  codes: ReadonlyMap<number, HuffmanCode>,
  state: Pick<Scan, "restartUnits" | "budget">,
): Scan | "damaged" | undefined {
  const { marker, width, height, components } = frame;
  const count = content[0] ?? 0;
  if (count < 1 || count > 4 || content.length < 4 + 2 * count) return "damaged";
  const listed = Array.from({ length: count }, (_, nth) => {
    const [id = 0, tables = 0] = content.subarray(1 + 2 * nth);
    return { id, dc: codes.get(tables >> 4), ac: codes.get(0x10 | (tables & 15)) };
  });
  if (listed.some(({ id }) => !components.has(id))) return "damaged";
  if (![BASELINE, EXTENDED, PROGRESSIVE].includes(marker) || height === 0) return undefined;
  const isProgressive = marker === PROGRESSIVE;
  const [first = 0, last = 0, bits = 0] = content.subarray(1 + 2 * count);
  if (isProgressive && (first > last || last > 63 || (first === 0) !== (last === 0))) {
    return "damaged";
  }
  const [most, mostDown] = mostOf(components);
  return {
    components: listed.map(({ id, dc, ac }) => {
      const { across, down } = components.get(id)!;
      return { ...blocksOf(frame, id), blocks: across * down, dc, ac };
    }),
    units: Math.ceil(width / (BLOCK * most)) * Math.ceil(height / (BLOCK * mostDown)),
    // Other frames have all in one, whatever they say.
    ...(isProgressive ? { first, last } : { first: 0, last: 63 }),
    isRefining: isProgressive && bits >> 4 !== 0,
    isProgressive,
    ...state,
  };
}

function number16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

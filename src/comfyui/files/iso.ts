/** Whether films and images in ISO's boxes are all there (ISO/IEC 14496-12) (pure). */

import { isZero, textAt, viewOf } from "./containers.ts";

/** Boxes that are looked at; a film has few on its first level. */
const MAX_BOXES = 100_000;

/** As far as it is looked for what describes the items of an image, in bytes. */
const HEAD_BYTES = 4_096;

/** The boxes that lead to the table of a track's samples. */
const PARENTS = new Set(["moov", "trak", "mdia", "minf", "stbl"]);

interface Box {
  readonly type: string;
  /** Where its content begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** MP4, MOV and M4A: described, and with as many bytes of media as its samples take. */
export function isWholeFilm(bytes: Uint8Array): boolean {
  const boxes = boxesOf(bytes, 0, bytes.length);
  if (boxes === undefined) return false;
  const types = new Set(boxes.map(({ type }) => type));
  if (!types.has("moov") && !types.has("moof")) return false;
  const mediaBytes = boxes.reduce((sum, { type, start, end }) => {
    return type === "mdat" ? sum + end - start : sum;
  }, 0);
  const needed = sampleBytes(bytes, boxes);
  return needed !== undefined && needed <= mediaBytes;
}

/** AVIF: its items lie in a box of their own, or with what describes them. */
export function isWholeAvif(bytes: Uint8Array): boolean {
  const types = new Set(boxesOf(bytes, 0, bytes.length)?.map(({ type }) => type));
  const hasItems = /iloc/.test(textAt(bytes, 0, HEAD_BYTES));
  return ["meta", "moov", "moof"].some((type) => types.has(type)) &&
    (!hasItems || types.has("mdat") || /idat/.test(textAt(bytes, 0, HEAD_BYTES)));
}

/** The boxes between two places; undefined if one is cut, or none. */
function boxesOf(bytes: Uint8Array, from: number, to: number): Box[] | undefined {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let at = from; at < to && boxes.length < MAX_BOXES;) {
    // A rest too short for a box is the beginning of one.
    if (at + 8 > to) return isZero(bytes.subarray(at, to)) ? boxes : undefined;
    let size = view.getUint32(at);
    let head = 8;
    const type = textAt(bytes, at + 4, 4);
    if (size === 1) {
      if (at + 16 > to) return undefined;
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    }
    // It reaches to the end of the file, wherever that is.
    if (size === 0 && type === "mdat") size = to - at;
    if (size === 0) return isZero(bytes.subarray(at, to)) ? boxes : undefined;
    if (size < head || at + size > to || !/^[ -~\xa9]{4}$/.test(type)) return undefined;
    boxes.push({ type, start: at + head, end: at + size });
    at += size;
  }
  return boxes;
}

/** What all samples take that tables tell of; undefined if one is damaged. */
function sampleBytes(bytes: Uint8Array, boxes: readonly Box[]): number | undefined {
  const view = viewOf(bytes);
  let sum = 0;
  for (const { type, start, end } of boxes) {
    if (PARENTS.has(type)) {
      const inner = boxesOf(bytes, start, end);
      const needed = inner && sampleBytes(bytes, inner);
      if (needed === undefined) return undefined;
      sum += needed;
    } else if (type === "stsz") {
      if (end - start < 12) return undefined;
      const [each, count] = [view.getUint32(start + 4), view.getUint32(start + 8)];
      if (each > 0) sum += each * count;
      else if (end - start < 12 + count * 4) return undefined;
      else for (let nth = 0; nth < count; nth++) sum += view.getUint32(start + 12 + nth * 4);
    }
  }
  return sum;
}

/** Whether a Matroska or WebM film is all there (RFC 8794, RFC 9559) (pure). */

import { isZero } from "./containers.ts";

/** Elements that are looked at. */
const MAX_ELEMENTS = 1_000_000;

const [EBML, SEGMENT, CLUSTER, TRACKS] = [0x1a45dfa3, 0x18538067, 0x1f43b675, 0x1654ae6b];

/** What a segment holds beside its clusters: index, description, tracks, tags, cues and the like, and gaps. */
const IN_SEGMENT = new Set([
  0x114d9b74,
  0x1549a966,
  TRACKS,
  0x1254c367,
  0x1c53bb6b,
  0x1043a770,
  0x1941a469,
  CLUSTER,
  0xec,
  0xbf,
]);

/** What a cluster holds: its time, place, size, blocks, and gaps. */
const IN_CLUSTER = new Set([0xe7, 0xa7, 0xab, 0xa3, 0xa0, 0xaf, 0x5854, 0xec, 0xbf]);

/**
 * Every element down to a cluster's blocks ends within what it stands in. A stream does not tell the size of
 * its segment and clusters; they go on as long as what follows may stand in them.
 */
export function isWholeMatroska(bytes: Uint8Array): boolean {
  let at = 0;
  let segmentEnd = -1;
  const found = new Set<number>();
  for (let count = 0; at < bytes.length && count < MAX_ELEMENTS; count++) {
    const element = readElement(bytes, at);
    if (element === undefined) return found.has(CLUSTER) && isZero(bytes.subarray(at));
    const { id, start, size } = element;
    const end = size === undefined ? bytes.length : start + size;
    const isTop = id === EBML || id === SEGMENT;
    const isInside = at < segmentEnd && (IN_SEGMENT.has(id) || IN_CLUSTER.has(id));
    if (end > bytes.length || (!isTop && !isInside)) return false;
    if (count === 0 && id !== EBML) return false;
    if (id === SEGMENT) segmentEnd = end;
    else if (isInside && end > segmentEnd) return false;
    found.add(id);
    at = id === SEGMENT || id === CLUSTER ? start : end;
  }
  return found.has(SEGMENT) && found.has(TRACKS) && found.has(CLUSTER);
}

/** An element's head; its size is undefined if it was not known. */
function readElement(
  bytes: Uint8Array,
  at: number,
): { id: number; start: number; size: number | undefined } | undefined {
  const first = bytes[at] ?? 0;
  const idLength = Math.clz32(first) - 23;
  if (first === 0 || idLength > 4 || at + idLength > bytes.length) return undefined;
  let id = 0;
  for (let nth = 0; nth < idLength; nth++) id = id * 256 + bytes[at + nth]!;
  const size = readSize(bytes, at + idLength);
  if (size === undefined) return undefined;
  const start = at + idLength + size.length;
  return { id, start, size: size.value === "unknown" ? undefined : size.value };
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

/** Prefix codes: short ones for what comes often (RFC 9649, section 3.7). Pure. */

import type { BitWriter } from "../bits.ts";

/** Code of each symbol, its first bit lowest, and how many bits it has; 0 for what never comes. */
export interface PrefixCode {
  /** Codes by symbol. */
  readonly codes: Uint16Array;
  /** Bits by symbol. */
  readonly lengths: Uint8Array;
}

/** Longest code of pixels, and of the lengths of codes. */
const MOST_BITS = 15;
const MOST_LENGTH_BITS = 7;

/** Order in which the lengths of the codes for lengths are written. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** Symbols among the lengths that stand for several of them. */
const REPEAT = 16;
const FEW_ZEROS = 17;
const MANY_ZEROS = 18;

/** Makes the best code for symbols that come so often, writes it, and returns it. */
export function writePrefixCode(bits: BitWriter, counts: Uint32Array): PrefixCode {
  const used = [...counts.keys()].filter((symbol) => counts[symbol]! > 0);
  if (used.length <= 2 && used.every((symbol) => symbol < 256)) {
    return writeSimple(bits, used, counts.length);
  }
  const code = makeCode(counts, MOST_BITS);
  bits.write(0, 1);
  writeLengths(bits, code.lengths);
  return code;
}

/** One or two symbols are named as they are; a single one takes no bits at all. */
function writeSimple(bits: BitWriter, used: readonly number[], size: number): PrefixCode {
  const [first = 0, second] = used;
  bits.write(1, 1);
  bits.write(second === undefined ? 0 : 1, 1);
  bits.write(first < 2 ? 0 : 1, 1);
  bits.write(first, first < 2 ? 1 : 8);
  const code = { codes: new Uint16Array(size), lengths: new Uint8Array(size) };
  if (second === undefined) return code;
  bits.write(second, 8);
  code.lengths[first] = code.lengths[second] = 1;
  code.codes[second] = 1;
  return code;
}

function writeLengths(bits: BitWriter, lengths: Uint8Array): void {
  const runs = [...runsOf(lengths)];
  const counts = new Uint32Array(LENGTH_ORDER.length);
  for (const { symbol } of runs) counts[symbol]! += 1;
  const code = makeCode(counts, MOST_LENGTH_BITS);
  const last = LENGTH_ORDER.findLastIndex((symbol) => code.lengths[symbol]! > 0);
  const written = Math.max(4, last + 1);
  bits.write(written - 4, 4);
  for (const symbol of LENGTH_ORDER.slice(0, written)) bits.write(code.lengths[symbol]!, 3);
  // All symbols have a length.
  bits.write(0, 1);
  for (const { symbol, extra, extraBits } of runs) {
    bits.write(code.codes[symbol]!, code.lengths[symbol]!);
    bits.write(extra, extraBits);
  }
}

function* runsOf(
  lengths: Uint8Array,
): Generator<{ symbol: number; extra: number; extraBits: number }> {
  let previous = 8;
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at]!;
    let run = 1;
    while (lengths[at + run] === length) run += 1;
    if (length === 0 && run >= 3) {
      const taken = Math.min(run, 138);
      yield taken > 10
        ? { symbol: MANY_ZEROS, extra: taken - 11, extraBits: 7 }
        : { symbol: FEW_ZEROS, extra: taken - 3, extraBits: 3 };
      at += taken;
    } else if (length === previous && length > 0 && run >= 3) {
      const taken = Math.min(run, 6);
      yield { symbol: REPEAT, extra: taken - 3, extraBits: 2 };
      at += taken;
    } else {
      if (length > 0) previous = length;
      yield { symbol: length, extra: 0, extraBits: 0 };
      at += 1;
    }
  }
}

/** Rare symbols count as less rare, again and again, until no code is too long. */
function makeCode(counts: Uint32Array, mostBits: number): PrefixCode {
  for (let least = 1;; least *= 2) {
    const lengths = lengthsOf(counts, least);
    if (lengths.every((length) => length <= mostBits)) return { codes: codesOf(lengths), lengths };
  }
}

/** Huffman's: the two rarest are joined until one is left. */
function lengthsOf(counts: Uint32Array, least: number): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  const leaves = [...counts.keys()].filter((symbol) => counts[symbol]! > 0)
    .map((symbol) => ({ symbol, weight: Math.max(counts[symbol]!, least) }))
    .sort((a, b) => a.weight - b.weight || a.symbol - b.symbol);
  const weights = leaves.map(({ weight }) => weight);
  const parents: number[] = [];
  // Joined ones come out in the order of their weights, behind the leaves: two queues in one array.
  let [leaf, joined] = [0, leaves.length];
  const rarest = () =>
    leaf < leaves.length && (joined >= weights.length || weights[leaf]! <= weights[joined]!)
      ? leaf++
      : joined++;
  for (let left = leaves.length; left > 1; left--) {
    const [one, other] = [rarest(), rarest()];
    parents[one] = parents[other] = weights.length;
    weights.push(weights[one]! + weights[other]!);
  }
  const depths = new Uint8Array(weights.length);
  for (let node = weights.length - 2; node >= 0; node--) depths[node] = depths[parents[node]!]! + 1;
  for (const [index, { symbol }] of leaves.entries()) lengths[symbol] = depths[index]!;
  return lengths;
}

/** Canonical codes; the reader takes their highest bit first, so each is turned round. */
function codesOf(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let next = 0;
  for (let length = 1; length <= MOST_BITS; length++, next <<= 1) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === length) codes[symbol] = turned(next++, length);
    }
  }
  return codes;
}

function turned(code: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit++) result |= ((code >> bit) & 1) << (bits - 1 - bit);
  return result;
}

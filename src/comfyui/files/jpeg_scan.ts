/**
 * Whether a scan of a JPEG is what its frame announces: codes are followed from block to block without making
 * pixels of them, so that anything else in the middle shows (ITU-T T.81, annex F and G). Pure.
 */

/** What of a component the walk needs. */
export interface ScanComponent {
  /** Blocks across and down, of it alone. */
  readonly across: number;
  /** The same. */
  readonly down: number;
  /** Its blocks in each unit of an interleaved scan. */
  readonly blocks: number;
  /** Its code for the first coefficient; undefined if it is the usual one, which nobody wrote down. */
  readonly dc: HuffmanCode | undefined;
  /** Its code for the others. */
  readonly ac: HuffmanCode | undefined;
}

/** What is in a scan. */
export interface Scan {
  /** Its components. */
  readonly components: readonly ScanComponent[];
  /** Units of an interleaved scan. */
  readonly units: number;
  /** First and last coefficient, and whether bits are only added to what was there before. */
  readonly first: number;
  /** The same. */
  readonly last: number;
  /** The same. */
  readonly isRefining: boolean;
  /** True for a progressive frame, whose blocks can end together. */
  readonly isProgressive: boolean;
  /** Units between two restarts; 0 for none. */
  readonly restartUnits: number;
  /** Bytes of the file that may still be walked through. */
  readonly budget: { bytes: number };
}

/** Bits that are looked up at once; longer codes are found by their length. */
const QUICK_BITS = 10;

/** Longest code. */
const MOST_BITS = 16;

/** Coefficients of a block; and what is added to the place in one by a code that ends it. */
const [COEFFICIENTS, END] = [64, 128];

/** Bytes behind the last block that some writers leave, such as jpeg-js. */
const MOST_LEFT_BYTES = 2;

/** Scans of a file are followed so far, which takes some 15 ms. */
export const MOST_WALKED_BYTES = 2 ** 20;

const STUFFING = 0;

/** A code by Huffman: for the next bits of a scan how many belong to a value, and which. */
export class HuffmanCode {
  /** For the bits that come next: length of the code in the upper byte, its value in the lower one; 0 for none. */
  readonly #quick = new Uint16Array(1 << QUICK_BITS);
  readonly #values: Uint8Array;
  /** For each length the code behind its last one, filled up to 16 bits, and what leads from a code to its value. */
  readonly #ends = new Int32Array(MOST_BITS + 1);
  readonly #offsets = new Int32Array(MOST_BITS + 1);
  #runs: Uint16Array | undefined;
  /** False if no such code can be. */
  readonly isPossible: boolean;

  /** Makes it of the number of codes of each length, and their values. */
  constructor(counts: Uint8Array, values: Uint8Array) {
    this.#values = values;
    let [code, nth] = [0, 0];
    let isPossible = true;
    for (let length = 1; length <= MOST_BITS; length++) {
      const count = counts[length - 1]!;
      this.#offsets[length] = nth - code;
      const end = nth + count;
      for (; nth < end && length <= QUICK_BITS; nth++, code++) {
        const shift = QUICK_BITS - length;
        this.#quick.fill((length << 8) | values[nth]!, code << shift, (code + 1) << shift);
      }
      if (length > QUICK_BITS) [nth, code] = [end, code + count];
      isPossible &&= code <= 1 << length;
      this.#ends[length] = code << (MOST_BITS - length);
      code <<= 1;
    }
    this.isPossible = isPossible;
  }

  /** Length and value of the code that 16 bits begin with; 0 if there is none. */
  find(bits: number): number {
    const quick = this.#quick[bits >>> (MOST_BITS - QUICK_BITS)]!;
    return quick === 0 ? this.#findLong(bits) : quick;
  }

  /** The same of runs, for those that are short: bits of the code and of what is behind it, and steps. */
  get runs(): Uint16Array {
    return this.#runs ??= this.#quick.map(runOf);
  }

  /** A run that is not among {@linkcode HuffmanCode.runs}; 0 if there is none. */
  findRun(bits: number): number {
    return runOf(this.#findLong(bits));
  }

  #findLong(bits: number): number {
    for (let length = QUICK_BITS + 1; length <= MOST_BITS; length++) {
      if (bits >= this.#ends[length]!) continue;
      const value = this.#values[(bits >>> (MOST_BITS - length)) + this.#offsets[length]!]!;
      return (length << 8) | value;
    }
    return 0;
  }
}

/** How far a code leads: all its bits, and by how many coefficients. */
function runOf(found: number): number {
  if (found === 0) return 0;
  const [run, size] = [(found >>> 4) & 15, found & 15];
  return (((found >>> 8) + size) << 8) | (size === 0 && run < 15 ? END : run + 1);
}

/** Walks through the bytes of a scan up to the next marker; false if they are something else. */
export function isWholeScan(bytes: Uint8Array, scan: Scan): boolean {
  const { components, restartUnits } = scan;
  // Bits that are added to earlier ones cannot be told apart without those; nor codes that are not there.
  if (scan.isRefining && scan.first > 0) return true;
  const codes = components.flatMap(({ dc, ac }) => [
    ...(scan.first === 0 && !scan.isRefining ? [dc] : []),
    ...(scan.last > 0 ? [ac] : []),
  ]);
  if (codes.includes(undefined)) return true;
  if (codes.some((code) => code?.isPossible === false)) return false;
  const [only] = components;
  const units = components.length === 1 && only !== undefined
    ? only.across * only.down
    : scan.units;
  const parts = split(bytes);
  if (parts === undefined || (restartUnits === 0 && parts.length > 1)) return false;
  const partUnits = restartUnits === 0 ? units : restartUnits;
  for (const [nth, part] of parts.entries()) {
    // A restart may follow the last unit.
    const left = Math.max(0, Math.min(partUnits, units - nth * partUnits));
    if (!isWholePart(part, scan, left)) return false;
  }
  return parts.length * partUnits >= units;
}

/** The bytes between restarts; undefined if these do not follow each other by their numbers, eight of them. */
function split(bytes: Uint8Array): Uint8Array[] | undefined {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? STUFFING;
    if (next < 0xd0 || next > 0xd7) continue;
    if (next !== 0xd0 + parts.length % 8) return undefined;
    parts.push(bytes.subarray(start, at));
    start = at + 2;
  }
  parts.push(bytes.subarray(start));
  return parts;
}

function isWholePart(stuffed: Uint8Array, scan: Scan, units: number): boolean {
  const { budget, isProgressive } = scan;
  const isAll = stuffed.length <= budget.bytes;
  const bits = new Bits(stuffed.subarray(0, budget.bytes));
  budget.bytes = Math.max(0, budget.bytes - stuffed.length);
  const isRight = isProgressive ? walkProgressive : walkSequential;
  if (!isRight(bits, scan, units)) return !isAll && bits.isOver;
  return !isAll || (bits.leftBytes >= 0 && bits.leftBytes <= MOST_LEFT_BYTES);
}

/** Each block with all its coefficients. */
function walkSequential(bits: Bits, { components }: Scan, units: number): boolean {
  const isAlone = components.length === 1;
  for (let unit = 0; unit < units && !bits.isOver; unit++) {
    for (const { dc, ac, blocks } of components) {
      for (let block = isAlone ? 1 : blocks; block > 0; block--) {
        if (!bits.skipCode(dc!) || !bits.skipRuns(ac!)) return false;
      }
    }
  }
  return true;
}

/** Some coefficients of each block; where those of many are zero, that is said once. */
function walkProgressive(bits: Bits, scan: Scan, units: number): boolean {
  const { components, first, last, isRefining } = scan;
  const isAlone = components.length === 1;
  let ended = 0;
  for (let unit = 0; unit < units && !bits.isOver; unit++) {
    for (const { dc, ac, blocks } of components) {
      for (let block = isAlone ? 1 : blocks; block > 0; block--) {
        if (isRefining) bits.skip(1);
        else if (first === 0) {
          if (!bits.skipCode(dc!)) return false;
        } else if (ended > 0) ended -= 1;
        else {
          let place = first;
          while (place <= last) {
            const found = bits.take(ac!);
            if (found === 0) return false;
            const [run, size] = [(found >>> 4) & 15, found & 15];
            if (size === 0 && run < 15) {
              ended = (1 << run) - 1 + bits.read(run);
              place = END;
            } else {
              bits.skip(size);
              place += run + 1;
            }
          }
          if (place > last + 1 && place < END) return false;
        }
      }
    }
  }
  return ended === 0;
}

/** Reads bits. */
class Bits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at = 0;

  /** Without the zeros that follow each 0xff, so that it is no marker. */
  constructor(stuffed: Uint8Array) {
    // What is read behind the end is zero.
    const bytes = new Uint8Array(stuffed.length + 4);
    let [from, length] = [0, 0];
    for (let at = stuffed.indexOf(0xff); at >= 0; at = stuffed.indexOf(0xff, at + 1)) {
      bytes.set(stuffed.subarray(from, at + 1), length);
      length += at + 1 - from;
      from = at + 1 + (stuffed[at + 1] === STUFFING ? 1 : 0);
    }
    bytes.set(stuffed.subarray(from), length);
    this.#bytes = bytes;
    this.#end = (length + stuffed.length - from) * 8;
  }

  get isOver(): boolean {
    return this.#at > this.#end;
  }

  get leftBytes(): number {
    return this.isOver ? -1 : (this.#end - this.#at) >> 3;
  }

  skip(count: number): void {
    this.#at += count;
  }

  read(count: number): number {
    const value = this.#peek() >>> (MOST_BITS - count);
    this.#at += count;
    return value;
  }

  /** A code, and 256 more than its value; 0 if there is none. */
  take(code: HuffmanCode): number {
    const found = code.find(this.#peek());
    this.#at += found >>> 8;
    return found === 0 ? 0 : 256 | (found & 255);
  }

  /** A code, and the bits that its value tells of. */
  skipCode(code: HuffmanCode): boolean {
    const found = code.find(this.#peek());
    this.#at += (found >>> 8) + (found & 255);
    return found !== 0 && (found & 255) <= MOST_BITS;
  }

  /** Codes and the bits behind them up to the end of a block. */
  skipRuns(code: HuffmanCode): boolean {
    const { runs } = code;
    const bytes = this.#bytes;
    let [at, place] = [this.#at, 1];
    while (place < COEFFICIENTS) {
      const byte = at >>> 3;
      const three = (bytes[byte]! << 16) | (bytes[byte + 1]! << 8) | bytes[byte + 2]!;
      const next = (three >>> (8 - (at & 7))) & 0xffff;
      let run = runs[next >>> (MOST_BITS - QUICK_BITS)]!;
      if (run === 0) run = code.findRun(next);
      if (run === 0) return false;
      at += run >>> 8;
      place += run & 255;
    }
    this.#at = at;
    return place === COEFFICIENTS || place >= END;
  }

  #peek(): number {
    const at = this.#at >>> 3;
    const bytes = this.#bytes;
    const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    return (three >>> (8 - (this.#at & 7))) & 0xffff;
  }
}

/** Pixels as differences from what their neighbours let expect (RFC 9649, section 4.1). Pure. */

import { minus } from "./palette.ts";
import { giveWay } from "./pause.ts";

/** An image as differences, and how each of its blocks is predicted. */
export interface Predicted {
  /** Differences, a byte a channel. */
  readonly pixels: Uint32Array;
  /** Predictor of each block, where a colour would have its green. */
  readonly modes: Uint32Array;
}

/** Edge of a block in pixels, as the power of two. */
export const BLOCK_BITS = 4;

const BLOCK = 1 << BLOCK_BITS;

/** Blocks between two pauses. */
const PAUSE_BLOCKS = 1_024;

/** What is expected before the first pixel. */
const OPAQUE_BLACK = 0xff000000;

/** Predictors that are tried, by their numbers: left, above, mean of both, nearer of both, slope. */
const MODES = [1, 2, 7, 11, 12] as const;

type Mode = typeof MODES[number];

/** Chooses for each block the predictor that comes nearest. Other work of the thread goes on meanwhile. */
export async function predict(pixels: Uint32Array, width: number): Promise<Predicted> {
  const height = pixels.length / width;
  const [across, down] = [Math.ceil(width / BLOCK), Math.ceil(height / BLOCK)];
  const modes = new Uint32Array(across * down);
  const differences = new Uint32Array(pixels.length);
  for (const block of modes.keys()) {
    if (block % PAUSE_BLOCKS === PAUSE_BLOCKS - 1) await giveWay();
    const left = (block % across) * BLOCK;
    const top = Math.floor(block / across) * BLOCK;
    const part = {
      left,
      top,
      right: Math.min(width, left + BLOCK),
      bottom: Math.min(height, top + BLOCK),
    };
    let [best, least]: [Mode, number] = [1, Infinity];
    for (const mode of MODES) {
      const cost = eachPixel(pixels, width, part, mode, undefined);
      if (cost < least) [best, least] = [mode, cost];
    }
    modes[block] = best << 8;
    eachPixel(pixels, width, part, best, differences);
  }
  return { pixels: differences, modes };
}

interface Part {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Writes the differences, if they are to be, and returns how large they are together. */
function eachPixel(
  pixels: Uint32Array,
  width: number,
  { left, top, right, bottom }: Part,
  mode: Mode,
  into: Uint32Array | undefined,
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = y * width + x;
      const expected = x === 0
        ? (y === 0 ? OPAQUE_BLACK : pixels[at - width]!)
        : y === 0
        ? pixels[at - 1]!
        : expect(mode, pixels[at - 1]!, pixels[at - width]!, pixels[at - width - 1]!);
      const difference = minus(pixels[at]!, expected);
      if (into !== undefined) into[at] = difference;
      else sum += sizeOf(difference);
    }
  }
  return sum;
}

function expect(mode: Mode, left: number, above: number, corner: number): number {
  if (mode === 1) return left;
  if (mode === 2) return above;
  if (mode === 7) return (((left ^ above) & 0xfefefefe) >>> 1) + (left & above) >>> 0;
  if (mode === 11) return nearer(left, above, corner);
  return slope(left, above, corner);
}

/** Whichever of both is nearer to left + above - corner. */
function nearer(left: number, above: number, corner: number): number {
  let balance = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const edge = (corner >>> shift) & 0xff;
    balance += Math.abs(((above >>> shift) & 0xff) - edge) -
      Math.abs(((left >>> shift) & 0xff) - edge);
  }
  return balance < 0 ? left : above;
}

function slope(left: number, above: number, corner: number): number {
  let result = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const value = ((left >>> shift) & 0xff) + ((above >>> shift) & 0xff) -
      ((corner >>> shift) & 0xff);
    result |= Math.min(255, Math.max(0, value)) << shift;
  }
  return result >>> 0;
}

function sizeOf(difference: number): number {
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const value = (difference >>> shift) & 0xff;
    sum += value < 128 ? value : 256 - value;
  }
  return sum;
}

/** Images of many colours as images of few, for formats that have no more. Pure. */

import type { IndexedImage } from "./indexed.ts";
import type { Raster } from "./raster.ts";

/** Colours beside the transparent one. */
const MOST_COLORS = 255;

/** Alpha from which a pixel counts as opaque. */
const OPAQUE_FROM = 128;

/** Bits of a channel by which colours are told apart where there are too many. */
const BITS = 5;
const DROPPED = 8 - BITS;

/** Colours that are hardly told apart: how many pixels have them, and their sums by channel. */
interface Bin {
  readonly key: number;
  count: number;
  readonly sums: [number, number, number];
}

/**
 * Gives each pixel the number of its colour, or of one near it where there are more than 255; colour 0 is
 * the transparent one. Colours are chosen by halving the crowd of pixels again and again where it spreads
 * most (median cut).
 */
export function reduceColors(image: Raster): IndexedImage {
  return exactColors(image) ?? nearColors(image);
}

function exactColors({ width, height, channels, data }: Raster): IndexedImage | undefined {
  const numbers = new Map<number, number>();
  const indices = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < indices.length; at++, from += channels) {
    if (channels === 4 && data[from + 3]! < OPAQUE_FROM) continue;
    const color = (data[from]! << 16) | (data[from + 1]! << 8) | data[from + 2]!;
    let number = numbers.get(color);
    if (number === undefined) {
      if (numbers.size === MOST_COLORS) return undefined;
      numbers.set(color, number = numbers.size + 1);
    }
    indices[at] = number;
  }
  const colors = [...numbers.keys()].map((color) => [color >> 16, (color >> 8) & 255, color & 255]);
  return { width, height, indices, palette: paletteOf(colors) };
}

function nearColors({ width, height, channels, data }: Raster): IndexedImage {
  const bins: (Bin | undefined)[] = new Array(1 << (3 * BITS));
  for (let from = 0; from < data.length; from += channels) {
    if (channels === 4 && data[from + 3]! < OPAQUE_FROM) continue;
    const key = keyOf(data, from);
    const bin = bins[key] ??= { key, count: 0, sums: [0, 0, 0] };
    bin.count += 1;
    for (let channel = 0; channel < 3; channel++) bin.sums[channel]! += data[from + channel]!;
  }
  const numberOf = new Uint8Array(bins.length);
  const boxes = cut(bins.filter((bin) => bin !== undefined));
  const colors = boxes.map((box, index) => {
    for (const { key } of box) numberOf[key] = index + 1;
    const count = box.reduce((sum, bin) => sum + bin.count, 0);
    return [0, 1, 2].map((channel) =>
      Math.round(box.reduce((sum, bin) => sum + bin.sums[channel]!, 0) / count)
    );
  });
  const indices = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < indices.length; at++, from += channels) {
    if (channels === 4 && data[from + 3]! < OPAQUE_FROM) continue;
    indices[at] = numberOf[keyOf(data, from)]!;
  }
  return { width, height, indices, palette: paletteOf(colors) };
}

function keyOf(data: Uint8Array, at: number): number {
  return ((data[at]! >> DROPPED) << (2 * BITS)) | ((data[at + 1]! >> DROPPED) << BITS) |
    (data[at + 2]! >> DROPPED);
}

/** Halves the box whose colours lie farthest apart, weighed by its pixels, until there are enough. */
function cut(bins: readonly Bin[]): (readonly Bin[])[] {
  const boxes = [measure(bins)];
  while (boxes.length < MOST_COLORS) {
    const widest = boxes.reduce((a, b) => b.weight > a.weight ? b : a);
    if (widest.weight === 0) break;
    const { channel } = widest;
    const sorted = widest.bins.toSorted((a, b) =>
      mean(a, channel) - mean(b, channel) || a.key - b.key
    );
    const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
    let [at, before] = [0, 0];
    // At least one on either side.
    while (at < sorted.length - 1 && (at === 0 || before < half)) before += sorted[at++]!.count;
    boxes.splice(boxes.indexOf(widest), 1, measure(sorted.slice(0, at)), measure(sorted.slice(at)));
  }
  return boxes.map(({ bins }) => bins);
}

function measure(bins: readonly Bin[]): { bins: readonly Bin[]; channel: number; weight: number } {
  const spreads = [0, 1, 2].map((channel) => {
    const means = bins.map((bin) => mean(bin, channel));
    return means.reduce((a, b) => Math.max(a, b), 0) - means.reduce((a, b) => Math.min(a, b), 255);
  });
  const spread = Math.max(...spreads);
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  const weight = bins.length < 2 ? 0 : spread * Math.sqrt(count);
  return { bins, channel: spreads.indexOf(spread), weight };
}

function mean({ count, sums }: Bin, channel: number): number {
  return sums[channel]! / count;
}

function paletteOf(colors: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([[0, 0, 0, 0], ...colors.map((color) => [...color, 255])].flat());
}

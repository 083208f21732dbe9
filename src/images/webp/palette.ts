/** Images of few colours as numbers of colours (RFC 9649, section 4.4). Pure. */

/** Most colours of a palette. */
const MOST_COLORS = 256;

/** An image whose colours are in a table. */
export interface Indexed {
  /** Numbers where a colour has its green; of few colours several pixels share one. */
  readonly indices: Uint32Array;
  /** Pixels in a row of `indices`. */
  readonly packedWidth: number;
  /** The colours, each as its difference from the one before. */
  readonly table: Uint32Array;
}

/** The colours of an image in order, or undefined if they are too many. */
export function colorsOf(pixels: Uint32Array): Uint32Array | undefined {
  const colors = new Set<number>();
  let last: number | undefined;
  for (const pixel of pixels) {
    if (pixel === last) continue;
    last = pixel;
    colors.add(pixel);
    if (colors.size > MOST_COLORS) return undefined;
  }
  return Uint32Array.from(colors).sort();
}

/** Writes the numbers of colours in place of them. */
export function withPalette(pixels: Uint32Array, width: number, colors: Uint32Array): Indexed {
  const numbers = new Map([...colors].map((color, index) => [color, index]));
  const bits = colors.length <= 2 ? 1 : colors.length <= 4 ? 2 : colors.length <= 16 ? 4 : 8;
  const shared = 8 / bits;
  const packedWidth = Math.ceil(width / shared);
  const indices = new Uint32Array(packedWidth * (pixels.length / width));
  for (let at = 0, row = 0; at < pixels.length; row += packedWidth) {
    for (let x = 0; x < width; x++, at++) {
      const shift = 8 + (x % shared) * bits;
      indices[row + Math.floor(x / shared)]! |= numbers.get(pixels[at]!)! << shift;
    }
  }
  return {
    indices,
    packedWidth,
    table: colors.map((color, at) => minus(color, at === 0 ? 0 : colors[at - 1]!)),
  };
}

/** Each channel by itself, modulo 256. */
export function minus(one: number, other: number): number {
  const high = 0x00ff00ff + (one & 0xff00ff00) - (other & 0xff00ff00);
  const low = 0xff00ff00 + (one & 0x00ff00ff) - (other & 0x00ff00ff);
  return ((high & 0xff00ff00) | (low & 0x00ff00ff)) >>> 0;
}

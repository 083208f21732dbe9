/** Borders that keep renderers from bleeding one tile into another. Pure. */

/** Pixels by the number of their colour. */
export interface Indexed {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** A byte a pixel. */
  readonly indices: Uint8Array;
}

/**
 * Repeats the border of a tile outwards, so that whatever filters textures finds the tile's own colours
 * beyond its edge.
 *
 * @throws {RangeError} unless `by` is a whole number of 1 to 64.
 */
export function extrude(tile: Indexed, by = 1): Indexed {
  if (!Number.isSafeInteger(by) || by < 1 || by > 64) {
    throw new RangeError(`Cannot extrude a tile by ${by} pixels`);
  }
  const [width, height] = [tile.width + 2 * by, tile.height + 2 * by];
  const indices = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.max(0, Math.min(tile.height - 1, y - by)) * tile.width;
    for (let x = 0; x < width; x++) {
      indices[to++] = tile.indices[row + Math.max(0, Math.min(tile.width - 1, x - by))]!;
    }
  }
  return { width, height, indices };
}

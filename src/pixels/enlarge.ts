/** Whole-number enlargement: every pixel becomes a block. Pure. */

/** Most bytes of an enlarged image. */
const MOST_BYTES = 2 ** 28;

/**
 * Enlarges an image of `channels` bytes a pixel.
 *
 * @throws {RangeError} unless `factor` is a whole number of 1 to 64 and the result has at most 2^28 bytes.
 */
export function enlarge(
  data: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 4,
  factor: number,
): Uint8Array {
  if (!Number.isSafeInteger(factor) || factor < 1 || factor > 64) {
    throw new RangeError(`Cannot enlarge ${factor} times; it must be a whole number of 1 to 64`);
  }
  const rowBytes = width * factor * channels;
  if (rowBytes * height * factor > MOST_BYTES) {
    throw new RangeError(`Cannot enlarge ${width}x${height} pixels ${factor} times: too large`);
  }
  const result = new Uint8Array(rowBytes * height * factor);
  for (let y = 0; y < height; y++) {
    const start = y * factor * rowBytes;
    let to = start;
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      for (let n = 0; n < factor; n++) {
        for (let c = 0; c < channels; c++) result[to++] = data[from + c]!;
      }
    }
    for (let n = 1; n < factor; n++) {
      result.copyWithin(start + n * rowBytes, start, start + rowBytes);
    }
  }
  return result;
}

/** Cuts off transparent edges. Pure. */

/** A part of an image, in pixels. */
export interface Box {
  /** Columns to the left of it. */
  readonly x: number;
  /** Rows above it. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** The smallest box that holds whatever is not 0 in any frame; the whole if there is nothing. */
export function contentBox(frames: readonly Uint8Array[], width: number, height: number): Box {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (const indices of frames) {
    for (let at = 0; at < indices.length; at++) {
      if (indices[at] === 0) continue;
      const [x, y] = [at % width, Math.floor(at / width)];
      left = Math.min(left, x), right = Math.max(right, x);
      top = Math.min(top, y), bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return { x: 0, y: 0, width, height };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Copies a box out of an image of one byte a pixel. */
export function cutBox(indices: Uint8Array, width: number, box: Box): Uint8Array {
  const result = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = (box.y + y) * width + box.x;
    result.set(indices.subarray(from, from + box.width), y * box.width);
  }
  return result;
}

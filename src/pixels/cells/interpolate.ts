/**
 * Reads an image between its pixels. Where colours change all the way from one cell to the next, as
 * resampling leaves them, a pixel beside a cell's middle already has some of the neighbour's. Pure.
 */

import type { Premultiplied } from "../premultiply.ts";

/** The level of a channel at a place, in pixels from the top left corner of the image. */
export function levelAt(
  { data, width, height }: Premultiplied,
  x: number,
  y: number,
  channel: number,
): number {
  // A pixel's colour is that of its middle.
  const [left, top] = [inside(x - 0.5, width), inside(y - 0.5, height)];
  const [u, v] = [Math.min(Math.floor(left), width - 2), Math.min(Math.floor(top), height - 2)];
  const [right, down] = [left - u, top - v];
  const at = (v * width + u) * 4 + channel;
  const below = at + width * 4;
  return (data[at]! * (1 - right) + data[at + 4]! * right) * (1 - down) +
    (data[below]! * (1 - right) + data[below + 4]! * right) * down;
}

function inside(place: number, length: number): number {
  return Math.max(0, Math.min(length - 1, place));
}

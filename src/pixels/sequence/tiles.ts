/** Tiles: whether they fit to themselves, and borders that keep renderers from bleeding. Pure. */

import { toLab } from "../color/oklab.ts";
import type { RgbaImage } from "../types.ts";

/** How well a tile fits to a copy of itself. */
export interface SeamScore {
  /** Right edge against left edge: 1 when the step is like those within the tile, near 0 when it stands out. */
  readonly x: number;
  /** Bottom edge against top edge. */
  readonly y: number;
  /** Whether both seams go unnoticed. */
  readonly tileable: boolean;
}

/** Seams of this score or better go unnoticed. */
const TILEABLE = 0.6;

/** Compares the steps across the seams of a tile with those within it. */
export function scoreSeams(tile: RgbaImage): SeamScore {
  const { width, height } = tile;
  const columnStep = (x: number) =>
    meanStep(tile, height, (i) => [x, i], (i) => [(x + 1) % width, i]);
  const rowStep = (y: number) => meanStep(tile, width, (i) => [i, y], (i) => [i, (y + 1) % height]);
  const x = scoreOf(
    columnStep(width - 1),
    Array.from({ length: width - 1 }, (_, i) => columnStep(i)),
  );
  const y = scoreOf(rowStep(height - 1), Array.from({ length: height - 1 }, (_, i) => rowStep(i)));
  return { x, y, tileable: Math.min(x, y) >= TILEABLE };
}

/** The seam against the strongest tenth of the steps within: a tile of bricks has strong ones of its own. */
function scoreOf(seam: number, within: readonly number[]): number {
  const sorted = within.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  return Math.min(1, (usual + 0.005) / (seam + 0.005));
}

type Place = (index: number) => readonly [x: number, y: number];

function meanStep(tile: RgbaImage, count: number, from: Place, to: Place): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += step(tile, from(index), to(index));
  return sum / count;
}

function step(
  { data, width }: RgbaImage,
  a: readonly [number, number],
  b: readonly [number, number],
): number {
  const [p, q] = [(a[1] * width + a[0]) * 4, (b[1] * width + b[0]) * 4];
  const [seenA, seenB] = [data[p + 3]! >= 128, data[q + 3]! >= 128];
  if (!seenA || !seenB) return seenA === seenB ? 0 : 0.5;
  const m = toLab(data[p]!, data[p + 1]!, data[p + 2]!);
  const n = toLab(data[q]!, data[q + 1]!, data[q + 2]!);
  return Math.hypot(m[0] - n[0], m[1] - n[1], m[2] - n[2]);
}

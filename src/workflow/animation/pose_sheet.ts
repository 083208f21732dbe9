/** How the poses of an animation share one image. Pure. */

/** A grid of poses in one image. */
export interface PoseSheet {
  /** Poses in a row. */
  readonly columns: number;
  /** Rows. */
  readonly rows: number;
  /** Width of the image that is generated, in pixels. */
  readonly width: number;
  /** Height of the image that is generated, in pixels. */
  readonly height: number;
}

/** What a model can make. */
export interface SheetLimits {
  /** Pixels of an image that it is made for. */
  readonly nativePixels: number;
  /** Widths and heights must be multiples of this number of pixels. */
  readonly multiple: number;
}

/** How far an image may be from the pixels that its model is made for, either way. */
const LEAST_SHARE = 0.7;
const MOST_SHARE = 1.5;

/** How wide a cell that stays empty is to count, beside a shape twice as long as good. */
const HOLE_WEIGHT = 2;

/** Longer than this, models repeat or drop figures: width by height, or the other way round. */
const GOOD_RATIO = 2;

/**
 * Chooses the grid and the size of the image. Cells have the proportions of a frame; the whole has about the
 * pixels that the model is made for, and cells a whole multiple of a frame's pixels, or a whole fraction,
 * where there is one.
 *
 * @param size Width and height of one frame, in pixels.
 */
export function planPoseSheet(
  frames: number,
  [width, height]: readonly [number, number],
  { nativePixels, multiple }: SheetLimits,
): PoseSheet {
  const columns = bestColumns(frames, width / height);
  const rows = Math.ceil(frames / columns);
  const ideal = Math.sqrt(nativePixels / (columns * rows * width * height));
  const factor = wholeFactor([columns * width, rows * height], [width, height], {
    ideal,
    multiple,
  });
  const side = (pixels: number) =>
    Math.max(multiple, Math.round((pixels * ideal) / multiple) * multiple);
  const cell = factor === undefined
    ? [side(width), side(height)] as const
    : [width * factor, height * factor] as const;
  return { columns, rows, width: columns * cell[0], height: rows * cell[1] };
}

function bestColumns(frames: number, frameRatio: number): number {
  let best = { columns: 1, cost: Infinity };
  for (let columns = 1; columns <= frames; columns++) {
    const rows = Math.ceil(frames / columns);
    const stretch = Math.abs(Math.log2((columns / rows) * frameRatio)) - Math.log2(GOOD_RATIO);
    const holes = (columns * rows - frames) / frames;
    const cost = Math.max(0, stretch) + HOLE_WEIGHT * holes;
    // Rather wide than high: models have seen more of these.
    if (cost <= best.cost) best = { columns, cost };
  }
  return best.columns;
}

/** A factor without a remainder for which the image is of a good size; undefined if there is none. */
function wholeFactor(
  sheet: readonly [number, number],
  frame: readonly [number, number],
  { ideal, multiple }: { ideal: number; multiple: number },
): number | undefined {
  const whole = Math.max(1, Math.round(ideal));
  const candidates = ideal >= 1
    ? [whole, whole + 1, whole - 1]
    : Array.from({ length: 16 }, (_, index) => 1 / (index + 1));
  const fits = candidates.filter((factor) => {
    const share = (factor / ideal) ** 2;
    return factor > 0 && share >= LEAST_SHARE && share <= MOST_SHARE &&
      frame.every((side) => Number.isInteger(side * factor)) &&
      sheet.every((side) => (side * factor) % multiple === 0);
  });
  const distance = (factor: number) => Math.abs(Math.log(factor / ideal));
  return fits.sort((a, b) => distance(a) - distance(b))[0];
}

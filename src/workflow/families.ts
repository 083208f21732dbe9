/** Which sizes the families of models were trained for, told by the names of their files. Pure. */

/** A family of models. */
interface Family {
  /** What people call it. */
  readonly name: string;
  /** Tells it by the name of a file. */
  readonly pattern: RegExp;
  /** Edge of the square images that it was trained on, in pixels. */
  readonly nativePixels: number;
  /** Share of the native area below which nothing usable comes. */
  readonly least: number;
  /** Share of it above which things appear twice. */
  readonly most: number;
  /** Its sizes are multiples of this, in pixels. */
  readonly multiple: number;
}

/**
 * The sizes are those of the model cards: 512 for Stable Diffusion 1.5, 1024 for SDXL and SD 3, 0.1 to 2
 * megapixels for Flux. The first that fits counts.
 */
const FAMILIES: readonly Family[] = [
  {
    name: "Flux",
    pattern: /flux|chroma/i,
    nativePixels: 1024,
    least: 0.1,
    most: 2.25,
    multiple: 16,
  },
  {
    name: "SD 3",
    pattern: /sd_?-?3|stable[-_ ]?diffusion[-_ ]?3/i,
    nativePixels: 1024,
    least: 1 / 3,
    most: 2.25,
    multiple: 64,
  },
  {
    name: "SDXL",
    pattern: /xl|pony|illustrious|noob|animagine/i,
    nativePixels: 1024,
    least: 1 / 3,
    most: 2.25,
    multiple: 64,
  },
  {
    name: "Stable Diffusion 1.5",
    pattern: /sd_?-?1|v1-5|(?:^|[^\d])1\.5/i,
    nativePixels: 512,
    least: 1 / 3,
    most: 2.25,
    multiple: 64,
  },
];

/** Edge of the square image that models of an unknown family are asked for, in pixels. */
const USUAL_PIXELS = 1024;

/** Sizes that every latent can have are multiples of this, in pixels. */
const LATENT_PIXELS = 8;

/** Longest image that models make something whole of, by its sides. */
const MOST_RATIO = 4;

/**
 * The size to generate for pixel art of so many cells: near what the model was trained on, and of whole
 * pixels a cell where that can be had.
 */
export function nativeSize(
  model: string,
  [columns, rows]: readonly [number, number],
): [width: number, height: number] {
  const { nativePixels = USUAL_PIXELS, multiple = 64 } =
    FAMILIES.find(({ pattern }) => pattern.test(model)) ?? {};
  const area = nativePixels ** 2;
  const ratio = Math.min(MOST_RATIO, Math.max(1 / MOST_RATIO, columns / rows));
  const whole = (pitch: number) => [columns * pitch, rows * pitch] as [number, number];
  if (ratio === columns / rows) {
    const most = Math.floor(Math.sqrt(area / (columns * rows)));
    for (let pitch = most; pitch ** 2 * columns * rows > area / 2; pitch--) {
      if (whole(pitch).every((side) => side % LATENT_PIXELS === 0)) return whole(pitch);
    }
  }
  const side = (pixels: number) => Math.max(multiple, Math.round(pixels / multiple) * multiple);
  return [side(nativePixels * Math.sqrt(ratio)), side(nativePixels / Math.sqrt(ratio))];
}

/**
 * Warns of a size that is far from what a model can do; it is generated all the same.
 *
 * @returns undefined for a good size, or a model of which nothing is known.
 */
export function sizeWarning(
  model: string,
  [width, height]: readonly [number, number],
): string | undefined {
  const family = FAMILIES.find(({ pattern }) => pattern.test(model));
  if (family === undefined) return undefined;
  const { name, nativePixels, least, most, multiple } = family;
  const share = width * height / nativePixels ** 2;
  if (share >= least && share <= most) return undefined;
  const scale = 1 / Math.sqrt(share);
  const better = [width, height]
    .map((pixels) => Math.max(multiple, Math.round(pixels * scale / multiple) * multiple)).join(
      "x",
    );
  const [trouble, remedy] = share < least
    ? ["makes nothing usable", `generate about ${better} and make the image smaller afterwards`]
    : ["repeats things", `generate about ${better} and enlarge the image afterwards`];
  return `${name}, which ${model} seems to be, ${trouble} at ${width}x${height}; ${remedy}`;
}

/** OKLab: a space of colours in which distances are as the eye sees them (Björn Ottosson, 2020). Pure. */

/**
 * Light that a dark screen gives anyway. Without it a level or two would be as far apart near black as
 * twenty are elsewhere, and all noise there would be colours.
 */
const TOE = 0.002;

/** A colour in OKLab: lightness 0 to 1, and two axes of colour. */
export type Lab = readonly [l: number, a: number, b: number];

const LINEAR: Float64Array = Float64Array.from({ length: 256 }, (_, level) => linear(level / 255));

/** Converts levels of 0 to 255; they need not be whole. */
export function toLab(red: number, green: number, blue: number): Lab {
  const r = light(red), g = light(green), b = light(blue);
  const l = Math.cbrt(TOE + 0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(TOE + 0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(TOE + 0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Between two whole levels light grows near enough evenly. */
function light(level: number): number {
  const floor = Math.floor(level);
  const low = LINEAR[floor]!;
  return floor === level ? low : low + (LINEAR[floor + 1]! - low) * (level - floor);
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Converts colours, three levels each, to OKLab, three values each. Neighbours are often alike. */
export function labsOf(rgb: ArrayLike<number>): Float64Array {
  const labs = new Float64Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const red = rgb[at]!, green = rgb[at + 1]!, blue = rgb[at + 2]!;
    if (at > 0 && rgb[at - 3] === red && rgb[at - 2] === green && rgb[at - 1] === blue) {
      labs[at] = labs[at - 3]!;
      labs[at + 1] = labs[at - 2]!;
      labs[at + 2] = labs[at - 1]!;
      continue;
    }
    const lab = toLab(red, green, blue);
    labs[at] = lab[0];
    labs[at + 1] = lab[1];
    labs[at + 2] = lab[2];
  }
  return labs;
}

/** The number of the colour that is nearest to a point in OKLab. The first of equals counts. */
export function nearestColor(labs: Float64Array, l: number, a: number, b: number): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at < labs.length; at += 3) {
    const dl = labs[at]! - l, da = labs[at + 1]! - a, db = labs[at + 2]! - b;
    const distance = dl * dl + da * da + db * db;
    if (distance < least) least = distance, best = at / 3;
  }
  return best;
}

/**
 * The materials of an image: which letter of a sprite has which shades.
 *
 * @module
 */

import { type Ramp, ramp } from "./colour.ts";
import { hash, type Random } from "./random.ts";
import type { Wishes } from "./words.ts";

/** Hue in degrees, saturation and lightness from 0 to 1. */
type Hsl = readonly [hue: number, saturation: number, lightness: number];

/** Shades by letter. */
export type Palette = ReadonlyMap<string, Ramp>;

/** Hues that go well as the main colour of a figure. */
const MAIN_HUES = [356, 18, 38, 88, 132, 168, 198, 222, 262, 292, 328] as const;

const LEAF_HUES = [96, 112, 128, 140, 34] as const;

const SKINS: readonly [Hsl, ...Hsl[]] = [[26, 0.55, 0.74], [24, 0.45, 0.6], [22, 0.4, 0.44], [
  20,
  0.38,
  0.32,
]];
const HAIRS: readonly [Hsl, ...Hsl[]] = [[28, 0.5, 0.26], [45, 0.7, 0.6], [12, 0.65, 0.42], [
  250,
  0.15,
  0.18,
], [0, 0, 0.8]];

/** Mixes the colours: named ones first, the rest by chance; the style turns all hues a little. */
export function createPalette(wishes: Wishes, style: string, random: Random): Palette {
  const turn = (hash(style) % 17) - 8;
  const mainHue = random.pick(isLeafy(wishes) ? LEAF_HUES : MAIN_HUES) + turn;
  const [first, second] = wishes.colours;
  const [hue, saturation, lightness] = first ?? [mainHue, 0.58, 0.48];
  const otherHue = hue + random.pick([150, 180, 210, 60, -60]);
  const other = second ?? [otherHue, 0.5, 0.44] as const;
  const metal = first && saturation < 0.8 && isMetallic(hue, saturation) ? first : undefined;
  return new Map<string, Ramp>([
    ["a", ramp(hue, saturation, lightness)],
    ["b", ramp(hue + 12, saturation, lightness * 0.74)],
    ["c", ramp(hue - 10, saturation * 0.8, lightness + (1 - lightness) * 0.45)],
    ["d", ramp(...(metal ? other : first ? blend(first, other) : other))],
    ["e", ramp(other[0] + 10, other[1], other[2] * 0.7)],
    ["m", ramp(...(metal ?? [214 + turn, 0.16, 0.66] as const))],
    ["n", ramp(metal?.[0] ?? 222 + turn, 0.18, 0.42)],
    ["s", ramp(...random.pick(SKINS))],
    ["h", ramp(...random.pick(HAIRS))],
    ["l", ramp(24 + turn, 0.46, 0.36)],
    ["g", ramp(44, 0.8, 0.54)],
    [
      "r",
      ramp(
        ...(first && hue > 300
          ? [hue, saturation, lightness] as const
          : [4 + turn, 0.72, 0.5] as const),
      ),
    ],
    ["w", ramp(40, 0.18, 0.9)],
    ["k", ramp(255, 0.25, 0.13)],
    ["i", ramp(192 + turn, 0.55, 0.7)],
  ]);
}

/** Trees are green, or autumnal, unless the prompt says otherwise. */
function isLeafy({ subject }: Wishes): boolean {
  return subject.type === "landscape" || (subject.type === "sprite" && subject.name === "tree");
}

/** Gold and the greys: a figure of that colour wears it as its metal. */
function isMetallic(hue: number, saturation: number): boolean {
  return saturation < 0.2 || (hue > 40 && hue < 46);
}

/** With a single named colour the cloth takes it, too, a little darker. */
function blend(
  [hue, saturation, lightness]: Hsl,
  [otherHue]: Hsl,
): Hsl {
  const lean = ((otherHue - hue + 540) % 360 - 180) * 0.12;
  return [hue + lean, saturation, lightness * 0.85];
}

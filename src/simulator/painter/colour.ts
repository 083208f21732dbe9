/**
 * Colours, and ramps of them as pixel artists build them: shadows turn to blue, lights to yellow.
 *
 * @module
 */

import type { Colour } from "./canvas.ts";

/** Four shades of one material, dark to light. */
export type Ramp = readonly [shadow: Colour, dark: Colour, base: Colour, light: Colour];

/** A colour from hue (degrees), saturation and lightness (0 to 1). */
function hsl(hue: number, saturation: number, lightness: number): Colour {
  const turn = ((hue % 360) + 360) % 360;
  const chroma = clamp(saturation) * Math.min(clamp(lightness), 1 - clamp(lightness));
  const channel = (offset: number) => {
    const k = (offset + turn / 30) % 12;
    const level = clamp(lightness) - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(level * 255);
  };
  return (channel(0) << 16) | (channel(8) << 8) | channel(4);
}

/** The shades of a material. */
export function ramp(hue: number, saturation: number, lightness: number): Ramp {
  return [
    hsl(towards(hue, 255, 22), saturation * 0.95, lightness * 0.45),
    hsl(towards(hue, 255, 12), saturation, lightness * 0.72),
    hsl(hue, saturation, lightness),
    hsl(towards(hue, 55, 14), saturation * 0.9, lightness + (1 - lightness) * 0.38),
  ];
}

/** A colour between two: 0 gives `from`, 1 gives `to`. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const part = (shift: number) => {
    const start = (from >> shift) & 0xff;
    return Math.round(start + (((to >> shift) & 0xff) - start) * clamp(share)) << shift;
  };
  return part(16) | part(8) | part(0);
}

/** Brightness, 0 to 1. */
export function brightness(colour: Colour): number {
  const [red, green, blue] = channels(colour);
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/** Red, green and blue, 0 to 255. */
export function channels(colour: Colour): [red: number, green: number, blue: number] {
  return [(colour >> 16) & 0xff, (colour >> 8) & 0xff, colour & 0xff];
}

/** Moves a hue towards another one by at most so many degrees, the short way round. */
function towards(hue: number, goal: number, most: number): number {
  const distance = ((goal - hue + 540) % 360) - 180;
  return hue + Math.sign(distance) * Math.min(most, Math.abs(distance));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Kinds of fields that the schemas are made of. */

import { z } from "zod";

/**
 * A field that may be absent. zod's own `exactOptional()` checks an absent field like any other, and writes
 * up what is wrong with it, to no end: with 15 of them that took four times as long as all the rest of a
 * request. Its `optional()` takes undefined for absent, too, which MessagePack cannot say.
 */
export function optional<Schema extends z.ZodType>(schema: Schema): z.ZodExactOptional<Schema> {
  return schema.optional() as unknown as z.ZodExactOptional<Schema>;
}

/**
 * Text with limits in code points, not UTF-16 units, because the other implementations of the
 * protocol count them so. The comparison with `length` decides nearly always.
 */
export function characters(least: number, most: number): z.ZodString {
  return z.string().min(least)
    .refine((value) =>
      value.length <= most || (value.length <= 2 * most && countCharacters(value) <= most)
    )
    .meta({ maxLength: most });
}

/** Unicode code points of a text. An iteration would take ten times as long, and strangers send megabytes. */
export function countCharacters(value: string): number {
  let count = value.length;
  for (let at = 1; at < value.length; at++) {
    if (isLow(value.charCodeAt(at)) && isHigh(value.charCodeAt(at - 1))) count--;
  }
  return count;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

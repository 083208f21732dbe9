/** Images for tests. */

import fc from "fast-check";
import type { Raster } from "../../src/images/mod.ts";

/** Any small image with four channels. */
export function rasters(): fc.Arbitrary<Raster> {
  return fc.tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 17 }))
    .chain(([width, height]) =>
      fc.tuple(fc.constant([width, height] as const), bytes(width, height))
    )
    .map(([[width, height], data]) => ({ width, height, channels: 4, data }));
}

/** Any images that all have one size. */
export function equalRasters(count: number): fc.Arbitrary<Raster[]> {
  return fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([width, height]) =>
      fc.array(bytes(width, height), { minLength: count, maxLength: count }).map((all) =>
        all.map((data) => ({ width, height, channels: 4 as const, data }))
      )
    );
}

/** An image of one colour. */
export function plain(width: number, height: number, rgba: readonly number[]): Raster {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, at) => rgba[at % 4] ?? 0);
  return { width, height, channels: 4, data };
}

function bytes(width: number, height: number): fc.Arbitrary<Uint8Array> {
  const length = width * height * 4;
  return fc.uint8Array({ minLength: length, maxLength: length });
}

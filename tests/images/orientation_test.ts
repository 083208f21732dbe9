import { deepEqual } from "node:assert/strict";
import { decodeJpeg, encodeJpeg } from "../../src/images/jpeg.ts";
import { readOrientation } from "../../src/images/orientation.ts";

/** Three blocks across and two down, each of one grey: which is where, shows. */
const LEVELS = [0, 50, 100, 150, 200, 250];

/** How the blocks are seen by orientation, as Exif 2.32 has it in its table. */
const SEEN: Readonly<Record<number, readonly (readonly number[])[]>> = {
  1: [[0, 50, 100], [150, 200, 250]],
  2: [[100, 50, 0], [250, 200, 150]],
  3: [[250, 200, 150], [100, 50, 0]],
  4: [[150, 200, 250], [0, 50, 100]],
  5: [[0, 150], [50, 200], [100, 250]],
  6: [[150, 0], [200, 50], [250, 100]],
  7: [[250, 100], [200, 50], [150, 0]],
  8: [[100, 250], [50, 200], [0, 150]],
};

function blocks() {
  const data = new Uint8Array(24 * 16 * 3).map((_, at) => {
    const [x, y] = [Math.floor(at / 3) % 24, Math.floor(at / 72)];
    return LEVELS[(y >> 3) * 3 + (x >> 3)]!;
  });
  return { width: 24, height: 16, channels: 3 as const, data };
}

/** A directory of two entries, of which the second is the orientation. */
function exif(orientation: number, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(38);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(isLittle ? "II" : "MM"));
  view.setUint16(2, 42, isLittle);
  view.setUint32(4, 8, isLittle);
  view.setUint16(8, 2, isLittle);
  for (const [index, tag] of [0x0100, 0x0112].entries()) {
    const at = 10 + index * 12;
    view.setUint16(at, tag, isLittle);
    view.setUint16(at + 2, 3, isLittle);
    view.setUint32(at + 4, 1, isLittle);
    view.setUint16(at + 8, index === 0 ? 5 : orientation, isLittle);
  }
  return bytes;
}

for (const [orientation, seen] of Object.entries(SEEN)) {
  Deno.test(`a JPEG of orientation ${orientation} is read as it is to be seen`, () => {
    for (const isLittle of [true, false]) {
      const { width, height, data } = decodeJpeg(
        encodeJpeg(blocks(), exif(Number(orientation), isLittle)),
      );
      deepEqual([width, height], [seen[0]!.length * 8, seen.length * 8]);
      const found = seen.map((row, v) =>
        row.map((_, u) => Math.round(data[((v * 8 + 4) * width + u * 8 + 4) * 4]! / 50) * 50)
      );
      deepEqual(found, seen);
    }
  });
}

Deno.test("readOrientation() takes what makes no sense for upright, wherever it is cut", () => {
  const file = encodeJpeg(blocks(), exif(6, true));
  for (let length = 0; length < 80; length++) {
    const found = readOrientation(file.subarray(0, length));
    deepEqual(found === 1 || found === 6, true);
  }
  for (const orientation of [0, 9, 65_535]) {
    deepEqual(readOrientation(encodeJpeg(blocks(), exif(orientation, true))), 1);
  }
  const far = exif(6, true);
  new DataView(far.buffer).setUint32(4, 2 ** 32 - 1, true);
  deepEqual(readOrientation(encodeJpeg(blocks(), far)), 1);
});

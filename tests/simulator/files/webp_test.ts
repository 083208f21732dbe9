import { deepEqual, equal, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { lazyImage, plainImage } from "../../../src/simulator/files/image.ts";
import { encodeWebp } from "../../../src/simulator/files/webp.ts";

/** Three frames: runs to the left and of rows, of lengths that take extra bits, and pixels of their own. */
function frames(width: number, height: number) {
  return [0, 1, 2].map((frame) =>
    lazyImage(width, height, () => {
      const data = new Uint8Array(width * height * 3);
      for (let pixel = 0; pixel < width * height; pixel++) {
        const [x, y] = [pixel % width, Math.trunc(pixel / width)];
        const isNoise = y % 7 === 3 && x % 3 === 0;
        data.set(
          isNoise ? [x, y * 11, x ^ y] : [(x >> 3) * 16 + frame, (y >> 2) * 8, 77],
          pixel * 3,
        );
      }
      return data;
    })
  );
}

// Pillow 12 (libwebp) read these files as the very pixels and durations that went in.
const READ_BY_OTHERS: [width: number, height: number, sha256: string][] = [
  [64, 64, "eeb562b5e4bec3a2f0f2516e5c08b7e586c46ccfa224ec5acae79cde125ac04d"],
  [1, 300, "f4ca1e9b213b1970f096274b67420e4485a29701a41d47d14e0f7fe4bd3db3f6"],
  [301, 1, "94864602fd52bcf0496c046d1ffc27652a23ec13d3de78931f0df4dfb213f132"],
];

for (const [width, height, sha256] of READ_BY_OTHERS) {
  Deno.test(`encodeWebp() makes ${width} x ${height} pixels what other readers have read`, () => {
    const file = encodeWebp(frames(width, height), 125);
    equal(createHash("sha256").update(file).digest("hex"), sha256);
  });
}

Deno.test("encodeWebp() writes the chunks of an animation, one for each frame, and refuses what is too large", () => {
  const file = encodeWebp([plainImage(5, 3, [1, 2, 3]), plainImage(5, 3, [1, 2, 4])], 1000 / 6);
  const view = new DataView(file.buffer);
  const text = (at: number) => new TextDecoder().decode(file.subarray(at, at + 4));
  const chunks: string[] = [];
  for (let at = 12; at < file.length; at += 8 + view.getUint32(at + 4, true)) chunks.push(text(at));
  deepEqual([text(0), view.getUint32(4, true), text(8)], ["RIFF", file.length - 8, "WEBP"]);
  deepEqual(chunks, ["VP8X", "ANIM", "ANMF", "ANMF"]);
  const frame = 12 + 18 + 14 + 8;
  deepEqual([...file.subarray(frame + 6, frame + 15)], [4, 0, 0, 2, 0, 0, 167, 0, 0]);
  throws(() => encodeWebp([plainImage(16_385, 1, [0, 0, 0])], 100), RangeError);
});

import { ok } from "node:assert/strict";
import jpeg from "jpeg-js";
import { findGrid } from "../../../src/pixels/grid/find.ts";
import { premultiply } from "../../../src/pixels/premultiply.ts";

const SIDE = 400;

const COLOURS = [[60, 70, 90], [150, 110, 90], [90, 140, 100], [170, 165, 140]];

/** Cells of a pitch, then a JPEG so bad that its own blocks are the strongest grid of all. */
function spoilt(pitch: number, quality: number) {
  const columns = Math.ceil(SIDE / pitch);
  let state = 7;
  const cells = Array.from({ length: columns ** 2 }, (_, cell) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    const wave = Math.sin(x * 0.37) * 2 + Math.cos(y * 0.53) * 2 + 8;
    return COLOURS[Math.floor(wave + (state / 2 ** 32) * 1.2) % 4]!;
  });
  const data = new Uint8Array(SIDE * SIDE * 4);
  for (let y = 0, at = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, at += 4) {
      data.set(cells[Math.floor(y / pitch) * columns + Math.floor(x / pitch)]!, at);
    }
  }
  const packed = jpeg.encode({ data, width: SIDE, height: SIDE }, quality).data;
  return premultiply({ ...jpeg.decode(packed, { useTArray: true }), width: SIDE, height: SIDE });
}

Deno.test("findGrid() does not take a JPEG's blocks, halves or pairs of them for cells", () => {
  for (const [pitch, quality] of [[9.14, 10], [10.67, 10]] as const) {
    const found = findGrid([spoilt(pitch, quality)])!.x.pitch;
    ok(Math.abs(found / pitch - 1) < 0.005, `${found} at ${pitch}, quality ${quality}`);
  }
});

import { deepEqual } from "node:assert/strict";
import { clearSpecks } from "../../../src/pixels/palette/specks.ts";
import { randomNumbers } from "../support.ts";

const [COLUMNS, ROWS] = [40, 30];

/** A ground with noise, and cells of other colours. */
function drawn(ground: number, cells: Record<number, { levels: number; number: number }>) {
  const random = randomNumbers(3);
  const rgb = Float32Array.from(
    { length: COLUMNS * ROWS * 3 },
    () => Math.max(0, Math.min(255, ground + (random() * 2 - 1) * 6)),
  );
  const numbers = new Uint8Array(COLUMNS * ROWS);
  for (const [cell, { levels, number }] of Object.entries(cells)) {
    rgb.fill(levels, Number(cell) * 3, Number(cell) * 3 + 3);
    numbers[Number(cell)] = number;
  }
  const opaque = new Uint8Array(numbers.length).fill(1);
  const image = { columns: COLUMNS, rows: ROWS, rgb, opaque, noise: 3 };
  return clearSpecks(image, { numbers, opaque }).numbers;
}

Deno.test("clearSpecks() takes noise out of the ground, and leaves what stands out or hangs together", () => {
  for (const ground of [0, 128, 255]) {
    const toMiddle = ground === 255 ? -1 : 1;
    const speck = { levels: ground + 10 * toMiddle, number: 1 };
    const star = { levels: ground + 60 * toMiddle, number: 2 };
    const figure = Array.from({ length: 12 }, (_, x) => [20 * COLUMNS + 10 + x, speck] as const);
    const result = drawn(ground, {
      405: speck,
      0: speck,
      1: speck,
      [5 * COLUMNS + 20]: star,
      ...Object.fromEntries(figure),
    });
    const left = [...result.keys()].filter((cell) => result[cell]! > 0);
    deepEqual(left, [5 * COLUMNS + 20, ...figure.map(([cell]) => cell)], `ground ${ground}`);
  }
});

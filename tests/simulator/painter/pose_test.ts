import { deepEqual, equal, ok } from "node:assert/strict";
import { Canvas, CLEAR } from "../../../src/simulator/painter/canvas.ts";
import { FIGURE_SIZE } from "../../../src/simulator/painter/figure.ts";
import { paintImage } from "../../../src/simulator/painter/paint.ts";
import { type Motion, poseFigure } from "../../../src/simulator/painter/pose.ts";
import { readPrompt } from "../../../src/simulator/painter/words.ts";

const MOTIONS: Motion[] = ["idle", "walk", "run", "attack", "jump", "hurt", "death", "cast"];

/** A figure of stripes, so that every shift shows. */
function figure(): Canvas {
  const canvas = new Canvas(FIGURE_SIZE, FIGURE_SIZE);
  canvas.paint((x, y) => x < 6 || x > 25 || y < 3 ? CLEAR : ((x % 5) << 16) | (y << 8) | 0x11);
  return canvas;
}

function cells(canvas: Canvas): number[] {
  return Array.from(
    { length: canvas.width * canvas.height },
    (_, index) => canvas.get(index % canvas.width, Math.floor(index / canvas.width)),
  );
}

for (const motion of MOTIONS) {
  Deno.test(`poseFigure() moves a figure that does "${motion}", in its own colours`, () => {
    const colours = new Set([...cells(figure()), 0xfff2a8]);
    const poses = [0, 0.25, 0.5, 0.75].map((moment) => cells(poseFigure(figure(), motion, moment)));
    ok(new Set(poses.map(String)).size >= 3, "poses differ");
    for (const pose of poses) ok(pose.every((colour) => colours.has(colour)));
    ok(poses.every((pose) => pose.some((colour) => colour !== CLEAR)));
  });
}

Deno.test("poseFigure() cuts nothing of a figure off at the sides, however wide it is", () => {
  const wide = new Canvas(20, 20);
  wide.rectangle(0, 0, 20, 20, 0x123456);
  for (const motion of MOTIONS) {
    for (let moment = 0; moment < 1; moment += 1 / 16) {
      const pose = poseFigure(wide, motion, moment);
      // Each row of the body that shows at all shows whole.
      for (let row = 0; row < 12; row++) {
        let shown = 0;
        for (let x = 0; x < pose.width; x++) shown += pose.get(x, row) === 0x123456 ? 1 : 0;
        ok(
          shown === 0 || shown >= 20 - (motion === "cast" ? 14 : 0),
          `${motion} at ${moment}: ${shown}`,
        );
      }
    }
  }
});

Deno.test("poseFigure() ends a cycle where it began", () => {
  for (const motion of ["idle", "walk", "run"] as const) {
    deepEqual(cells(poseFigure(figure(), motion, 1)), cells(poseFigure(figure(), motion, 0)));
  }
});

Deno.test("readPrompt() finds what a figure does and in how many poses", () => {
  const text =
    "a knight, jump animation, poses in order: 1 crouching, sprite sheet, 7 poses of one " +
    "and the same character in a grid of 4 columns and 2 rows";
  const { motion, grid, layout, subject } = readPrompt(text);
  deepEqual([motion, layout], ["jump", "poses"]);
  deepEqual(grid, { columns: 4, rows: 2, count: 7 });
  deepEqual(subject, { type: "sprite", name: "knight" });
  equal(readPrompt("sprite sheet, 0 columns and 2 rows").grid, undefined);
  equal(readPrompt("sprite sheet, 99999 columns and 2 rows").grid, undefined);
  deepEqual(readPrompt("sprite sheet, 2 columns, 1 row, 900 poses").grid?.count, 2);
});

Deno.test("paintImage() puts the poses of a sheet into equal cells and leaves spare ones empty", () => {
  const prompt = "a knight, walk cycle, sprite sheet, 3 poses in 2 columns and 2 rows";
  const base = { base: undefined, denoise: 1, mask: undefined, style: "m", seed: 1n };
  const pixels = paintImage({ ...base, prompt, width: 96, height: 96 }).pixels();
  const cell = (column: number, row: number) =>
    Array.from({ length: 48 }, (_, y) => {
      const start = ((row * 48 + y) * 96 + column * 48) * 3;
      return [...pixels.subarray(start, start + 48 * 3)];
    }).flat();
  const poses = [cell(0, 0), cell(1, 0), cell(0, 1)];
  equal(new Set(poses.map(String)).size, 3);
  ok(cell(1, 1).every((sample) => sample === 255));
  // A figure alone at that moment looks the same.
  const alone = paintImage({ ...base, prompt, width: 48, height: 48, moment: 1 / 3 });
  deepEqual([...alone.pixels()], poses[1]);
});

Deno.test("paintImage() ends its tiles where those of the grid end", () => {
  const prompt = "grass tile set, a grid of 3 by 2 square terrain tiles";
  const base = { base: undefined, denoise: 1, mask: undefined, style: "m", seed: 1n };
  const pixels = paintImage({ ...base, prompt, width: 96, height: 64 }).pixels();
  const at = (x: number, y: number) => pixels.subarray((y * 96 + x) * 3, (y * 96 + x) * 3 + 3);
  // Each tile is 8 by 8 squares, so within one nothing changes but every four pixels.
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 96; x++) deepEqual(at(x, y), at(x - x % 4, y - y % 4));
  }
  deepEqual(readPrompt(prompt).grid, { columns: 3, rows: 2, count: 6 });
});

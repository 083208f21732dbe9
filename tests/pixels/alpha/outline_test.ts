import { deepEqual, equal, throws } from "node:assert/strict";
import { pixelize, type PixelizeOptions, type RgbaImage } from "../../../src/pixels/mod.ts";

const COLORS: Readonly<Record<string, readonly number[]>> = {
  "#": [180, 40, 30, 255],
  "o": [250, 220, 90, 255],
  "+": [26, 28, 44, 255],
  ".": [0, 0, 0, 0],
};

const SPRITE = [
  "........",
  "...##...",
  "..#oo#..",
  "..#o.#..",
  "...##...",
  "#......#",
];

Deno.test("a line goes around what is opaque, inside of holes too, and not over the edge", () => {
  deepEqual(shown({ outline: "#1a1c2c" }), [
    "...++...",
    "..+##+..",
    ".+#oo#+.",
    ".+#o+#+.",
    "+.+##+.+",
    "#+.++.+#",
  ]);
});

Deno.test("without a colour of its own a line has the darkest there is", () => {
  deepEqual(shown({ outline: "auto" })[0], "...##...");
});

Deno.test("of a given palette, a line has the nearest colour", () => {
  const colors = Uint8Array.of(180, 40, 30, 250, 220, 90, 0, 0, 0);
  const { image } = pixelize(drawn(SPRITE), {
    outline: "#1a1c2c",
    palette: { name: "own", colors },
  });
  deepEqual([...image.rgba.subarray(12, 16)], [0, 0, 0, 255]);
});

Deno.test("a line's colour is one of those asked for", () => {
  equal(pixelize(drawn(SPRITE), { outline: "#1a1c2c", colors: 2 }).found.colors, 2);
  equal(pixelize(drawn(SPRITE), { outline: "#1a1c2c", colors: 1 }).found.colors, 1);
});

Deno.test("an image without transparency, or of nothing else, gets no line", () => {
  for (const line of ["########", "........"]) {
    const { image } = pixelize(drawn(Array(6).fill(line)), { outline: "#1a1c2c" });
    deepEqual(image.rgba, drawn(Array(6).fill(line)).data);
  }
});

Deno.test("what is no colour is refused", () => {
  for (const outline of ["black", "#fff", "1a1c2c", "#1a1c2g", ""]) {
    throws(() => pixelize(drawn(SPRITE), { outline }), RangeError, outline);
  }
});

function drawn(lines: readonly string[]): RgbaImage {
  const data = Uint8Array.from(lines.flatMap((line) => [...line].flatMap((cell) => COLORS[cell]!)));
  return { width: lines[0]!.length, height: lines.length, data };
}

function shown(options: PixelizeOptions): string[] {
  const { width, height, rgba } = pixelize(drawn(SPRITE), options).image;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 4;
      const color = rgba.subarray(at, at + 4).join();
      return Object.entries(COLORS).find(([, bytes]) => bytes.join() === color)?.[0] ?? "?";
    }).join(""));
}

import { deepEqual, equal, ok } from "node:assert/strict";
import { pixelize, type RgbaImage } from "../../../src/pixels/mod.ts";
import { enlargeArt, spoil } from "../support.ts";

/** A ring on a ground: `#` is drawn, `.` is the ground, inside of the ring too. */
const RING = [
  "................",
  "................",
  "....########....",
  "...##########...",
  "..###......###..",
  "..##...##...##..",
  "..##........##..",
  "..###......###..",
  "...##########...",
  "....########....",
  "................",
  "................",
];

const COLORS: Readonly<Record<string, readonly number[]>> = {
  "#": [180, 40, 30],
  ".": [250, 250, 250],
};

Deno.test("background: transparent floods from the edges, and leaves what is enclosed", () => {
  const { image, found } = pixelize(drawn(RING), { background: "transparent" });
  deepEqual(
    shown(image),
    RING.map((line, y) =>
      [...line].map((cell, x) => {
        if (cell === "#") return "#";
        return y >= 4 && y <= 7 && x >= 4 && x <= 11 ? "." : " ";
      }).join("")
    ),
  );
  deepEqual(found.warnings, []);
});

Deno.test("background: transparent takes holes too when asked", () => {
  const { image } = pixelize(drawn(RING), { background: "transparent", holes: true });
  deepEqual(shown(image), RING.map((line) => line.replaceAll(".", " ")));
});

Deno.test("a background that is not quite even goes without a halo", () => {
  const image = spoil(enlargeArt(drawn(RING), 16), 1, 5, 1);
  const { image: found } = pixelize(image, { background: "transparent", holes: true });
  deepEqual(shown(found), RING.map((line) => line.replaceAll(".", " ")));
});

Deno.test("edges of many colours are no background, and it says so", () => {
  const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, at) => {
    const [x, y] = [(at >> 2) % 16, at >> 6];
    return [(x * 53) % 256, (y * 71) % 256, ((x + y) * 37) % 256, 255][at & 3]!;
  });
  const { image, found } = pixelize({ width: 16, height: 16, data }, { background: "transparent" });
  ok(found.warnings.includes("no_background"));
  ok(image.rgba.every((level, at) => at % 4 !== 3 || level === 255));
});

Deno.test("trimming cuts transparent edges off and tells where the rest was", () => {
  const { image } = pixelize(drawn(RING), { background: "transparent", trim: true });
  deepEqual([image.width, image.height], [12, 8]);
  deepEqual(image.trim, { x: 2, y: 2, sourceWidth: 16, sourceHeight: 12 });
  equal(image.rgba.length, 12 * 8 * 4);
  equal(image.indices.length, 12 * 8);
});

Deno.test("an image of nothing but background keeps its size when trimmed", () => {
  const { image } = pixelize(drawn(["....", "....", "...."]), {
    background: "transparent",
    trim: true,
  });
  deepEqual([image.width, image.height, image.palette.length], [4, 3, 4]);
});

function drawn(lines: readonly string[]): RgbaImage {
  const data = Uint8Array.from(
    lines.flatMap((line) => [...line].flatMap((cell) => [...COLORS[cell]!, 255])),
  );
  return { width: lines[0]!.length, height: lines.length, data };
}

function shown(
  { width, height, data, rgba }: {
    width: number;
    height: number;
    rgba: Uint8Array;
    data?: unknown;
  },
): string[] {
  ok(data === undefined);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 4;
      return rgba[at + 3] === 0 ? " " : rgba[at + 1]! > 128 ? "." : "#";
    }).join(""));
}

Deno.test("background: transparent finds the ground of an image with very long edges", () => {
  const [width, height] = [3000, 12];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let x = 100; x < 2900; x += 7) data.set([9, 9, 9], (5 * width + x) * 4);
  const { image } = pixelize({ width, height, data }, { background: "transparent" });
  equal(image.rgba.filter((level, at) => at % 4 === 3 && level === 255).length, 400);
});

import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { FIGURE_SIZE, inventCreature, paintFigure } from "../../src/simulator/painter/figure.ts";
import { paintImage, paintPreview } from "../../src/simulator/painter/paint.ts";
import { createPalette } from "../../src/simulator/painter/palette.ts";
import { Random } from "../../src/simulator/painter/random.ts";
import type { Recipe } from "../../src/simulator/painter/recipe.ts";
import { SPRITES } from "../../src/simulator/painter/sprites.ts";
import { readPrompt } from "../../src/simulator/painter/words.ts";
import { croppedToRatio, plainImage, resized } from "../../src/simulator/files/image.ts";

function recipe(changes: Partial<Recipe> = {}): Recipe {
  return {
    width: 128,
    height: 128,
    prompt: "pixel art knight",
    seed: 1n,
    style: "sdxl",
    base: undefined,
    denoise: 1,
    mask: undefined,
    ...changes,
  };
}

function pixels(changes: Partial<Recipe> = {}): Uint8Array {
  return paintImage(recipe(changes)).pixels();
}

function colours(data: Uint8Array): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at < data.length; at += 3) {
    found.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
  }
  return found;
}

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, sample, index) => sum + Math.abs(sample - (b[index] ?? 0)), 0) / a.length;
}

Deno.test("paintImage() depends on prompt, seed, size and style, and on nothing else", () => {
  deepEqual(pixels(), pixels());
  notDeepEqual(pixels({ seed: 2n }), pixels());
  notDeepEqual(pixels({ prompt: "dragon" }), pixels());
  notDeepEqual(pixels({ style: "sdxl|pixel-art-xl@1" }), pixels());
  notDeepEqual(pixels({ seed: 2n ** 63n }), pixels({ seed: 2n ** 63n + 1n }));
});

Deno.test("paintImage() paints few colours in crisp squares", () => {
  for (const prompt of ["knight", "dragon in a cave", "monster", "forest landscape", "tileset"]) {
    const data = pixels({ prompt, width: 1024, height: 1024 });
    const count = colours(data).size;
    ok(count > 8 && count < 160, `${prompt}: ${count} colours`);
    for (let at = 0; at < 26 * 3; at += 3) {
      deepEqual([...data.subarray(at, at + 3)], [...data.subarray(0, 3)]);
    }
  }
});

Deno.test("paintImage() fills every size, however small, wide or odd", () => {
  const sizes = [[1, 1], [8, 8], [16, 16], [31, 64], [64, 32], [1001, 77], [48, 512]] as const;
  for (const [width, height] of sizes) {
    for (
      const prompt of ["knight", "mountain landscape", "ocean landscape", "walk cycle", "tiles"]
    ) {
      const image = paintImage(recipe({ width, height, prompt }));
      equal(image.pixels().length, width * height * 3);
      ok(width * height < 9 || colours(image.pixels()).size > 3, `${prompt} ${width}x${height}`);
    }
  }
});

Deno.test("paintPreview() comes out of the noise and ends at the image", () => {
  const goal = resized(paintImage(recipe()), 16, 16).pixels();
  const distances = [0.1, 0.4, 0.7, 1].map((done) => {
    const preview = paintPreview(recipe(), done);
    deepEqual([preview.width, preview.height], [16, 16]);
    return difference(preview.pixels(), goal);
  });
  const [early = 0, middle = 0, late = 0, end = 1] = distances;
  ok(early > middle && middle > late && late > end, String(distances));
  equal(end, 0);
});

Deno.test("readPrompt() finds the subject that is named first", () => {
  const subjects: [prompt: string, subject: string][] = [
    ["pixel art knight with a sword", "knight"],
    ["a sword for a knight", "sword"],
    ["Red DRAGON, 16-bit", "dragon"],
    ["spooky haunted house at night", "house"],
    ["pirate ship", "ship"],
    ["space ship", "rocket"],
    ["starship", "rocket"],
    ["treasure chest", "chest"],
    ["health potion", "potion"],
    ["goblin with a chest", "creature"],
    ["mountain landscape", "landscape"],
  ];
  const found = subjects.map(([prompt]) => {
    const { subject } = readPrompt(prompt);
    return [prompt, subject.type === "sprite" ? subject.name : subject.type];
  });
  deepEqual(found, subjects);
});

Deno.test("readPrompt() finds place, layout and colours", () => {
  equal(readPrompt("knight in a dungeon").place, "dungeon");
  equal(readPrompt("knight, white background").place, "plain");
  equal(readPrompt("knight").place, undefined);
  equal(readPrompt("grass tileset").layout, "tiles");
  equal(readPrompt("hero sprite sheet").layout, "poses");
  equal(readPrompt("hero").layout, "single");
  deepEqual(readPrompt("blue and red wizard").colours.map(([hue]) => hue), [216, 356]);
  deepEqual(readPrompt("a bored redhead").colours, []);
});

Deno.test("Every sprite is 16 rows of one width in known materials", () => {
  const palette = createPalette(readPrompt(""), "", new Random(""));
  for (const [name, rows] of Object.entries(SPRITES)) {
    equal(rows.length, 16, name);
    for (const row of rows) {
      equal(row.length, rows[0]?.length, `${name} ${row}`);
      for (const letter of row.replaceAll(".", "")) ok(palette.has(letter), `${name}: ${letter}`);
    }
  }
});

Deno.test("Every sprite gives another figure, symmetrical ones apart from their light", () => {
  const palette = createPalette(readPrompt(""), "", new Random(""));
  const figures = Object.values(SPRITES).map((rows) => {
    const figure = paintFigure(rows, palette);
    return Array.from(
      { length: FIGURE_SIZE ** 2 },
      (_, index) => figure.get(index % FIGURE_SIZE, Math.floor(index / FIGURE_SIZE)),
    );
  });
  equal(new Set(figures.map(String)).size, figures.length);
  for (const figure of figures) {
    const filled = figure.filter((colour) => colour >= 0).length;
    ok(filled > 150 && filled < FIGURE_SIZE ** 2, String(filled));
  }
});

Deno.test("inventCreature() gives eyes and a body to any seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const rows = inventCreature(new Random(String(seed)));
    deepEqual(rows.map((row) => row.length), new Array(16).fill(8));
    const text = rows.join("");
    ok(text.includes("w") && text.includes("k"), text);
    ok(text.replaceAll(".", "").length > 40, text);
  }
});

Deno.test("croppedToRatio() cuts the middle out", () => {
  const source = {
    width: 4,
    height: 1,
    pixels: () => Uint8Array.from({ length: 12 }, (_, i) => i),
  };
  const cut = croppedToRatio(source, 2, 1);
  deepEqual([cut.width, cut.height, [...cut.pixels()]], [2, 1, [3, 4, 5, 6, 7, 8]]);
  equal(croppedToRatio(source, 8, 2), source);
  const tall = croppedToRatio(plainImage(3, 9, [1, 2, 3]), 1, 1);
  deepEqual([tall.width, tall.height], [3, 3]);
});

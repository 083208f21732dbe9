import { deepEqual, equal, match } from "node:assert/strict";
import {
  godotSpriteFrames,
  godotTileSet,
  sheetLayout,
  spaced,
  tileLayout,
} from "../../../src/images/mod.ts";

/** The sections of a text resource: what stands in the brackets, and the lines under it. */
function sections(text: string): [head: string, lines: string[]][] {
  return text.trim().split(/\n\n/).map((section) => {
    const [head = "", ...lines] = section.split("\n");
    match(head, /^\[.+\]$/);
    return [head.slice(1, -1), lines];
  });
}

/** Ids that are defined, those that are named, and how many load steps the file announces. */
function references(text: string) {
  const ids = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, id]) => id).sort();
  return {
    defined: ids(/^\[(?:ext|sub)_resource .*\bid="([^"]+)"\]$/gm),
    named: [...new Set(ids(/\b(?:Ext|Sub)Resource\("([^"]+)"\)/g))],
    steps: Number(/load_steps=(\d+) format=3\]/.exec(text)?.[1]),
  };
}

Deno.test("godotTileSet() leaves out the room around extruded tiles", () => {
  const text = godotTileSet(spaced(tileLayout({ width: 48, height: 16 }, 3, 2), 1), "x_sheet.png");
  match(
    text,
    /margins = Vector2i\(1, 1\)\nseparation = Vector2i\(2, 2\)\ntexture_region_size = Vector2i\(16, 8\)/,
  );
  match(text, /^0:0\/0 = 0\n1:0\/0 = 0\n2:0\/0 = 0\n0:1\/0 = 0\n1:1\/0 = 0\n2:1\/0 = 0$/m);
});

Deno.test("godotTileSet() has every tile of the sheet, named by column and row", () => {
  const text = godotTileSet(tileLayout({ width: 48, height: 16 }, 3, 2), "x_sheet.png");
  deepEqual(sections(text), [
    ['gd_resource type="TileSet" load_steps=3 format=3', []],
    ['ext_resource type="Texture2D" path="x_sheet.png" id="sheet"', []],
    ['sub_resource type="TileSetAtlasSource" id="atlas"', [
      'texture = ExtResource("sheet")',
      "texture_region_size = Vector2i(16, 8)",
      ...["0:0/0 = 0", "1:0/0 = 0", "2:0/0 = 0", "0:1/0 = 0", "1:1/0 = 0", "2:1/0 = 0"],
    ]],
    ["resource", ["tile_size = Vector2i(16, 8)", 'sources/0 = SubResource("atlas")']],
  ]);
  const { defined, named, steps } = references(text);
  deepEqual([named, steps], [defined, defined.length + 1]);
});

Deno.test("godotSpriteFrames() has every frame of the sheet in order, and its rate", () => {
  const layout = sheetLayout(3, 16, 8, 2);
  const text = godotSpriteFrames(layout, "x_sheet.png", { name: "walk-x", loops: true }, 12.5);
  const { defined, named, steps } = references(text);
  deepEqual([named, steps], [defined, defined.length + 1]);
  deepEqual([...text.matchAll(/^region = (.+)$/gm)].map(([, region]) => region), [
    "Rect2(0, 0, 16, 8)",
    "Rect2(16, 0, 16, 8)",
    "Rect2(0, 8, 16, 8)",
  ]);
  const [, body] = sections(text).at(-1)!;
  const played = [...(body[1] ?? "").matchAll(/SubResource\("frame_(\d)"\)/g)].map(([, id]) => id);
  deepEqual(played, ["0", "1", "2"]);
  deepEqual(body.slice(2), ['"loop": true,', '"name": &"walk-x",', '"speed": 12.5', "}]"]);
});

Deno.test("godotSpriteFrames() writes a whole rate as the float that Godot reads, and quotes names", () => {
  const layout = sheetLayout(1, 8, 8);
  const text = godotSpriteFrames(layout, 'a"b.png', { name: 'w"\\', loops: false }, 10);
  equal(text.includes('"speed": 10.0\n'), true);
  equal(text.includes('"name": &"w\\"\\\\",'), true);
  equal(text.includes('path="a\\"b.png"'), true);
});

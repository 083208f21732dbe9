/** Resources of Godot 4 in its text format, version 3 of that format. Pure. */

import type { SheetLayout } from "../sheet.ts";
import type { AnimationTag } from "./hash.ts";

/**
 * A `TileSet` with one atlas of square or oblong tiles. The sheet is named relative to the file, which Godot
 * allows, so the two may lie anywhere in a project.
 *
 * @returns the text of a `.tres` file.
 */
export function godotTileSet(layout: SheetLayout, image: string): string {
  const first = layout.cells[0] ?? { x: 0, w: layout.width, h: layout.height };
  const { x: room, w, h } = first;
  const tiles = layout.cells.map(({ x, y }) =>
    `${(x - room) / (w + 2 * room)}:${(y - room) / (h + 2 * room)}/0 = 0`
  );
  const rooms = [
    `margins = Vector2i(${room}, ${room})`,
    `separation = Vector2i(${2 * room}, ${2 * room})`,
  ];
  return resource("TileSet", image, [
    [
      '[sub_resource type="TileSetAtlasSource" id="atlas"]',
      'texture = ExtResource("sheet")',
      ...room === 0 ? [] : rooms,
      `texture_region_size = Vector2i(${w}, ${h})`,
      ...tiles,
    ],
  ], [`tile_size = Vector2i(${w}, ${h})`, 'sources/0 = SubResource("atlas")']);
}

/**
 * A `SpriteFrames` with one animation, for an `AnimatedSprite2D`.
 *
 * @param fps Images a second.
 * @returns the text of a `.tres` file.
 */
export function godotSpriteFrames(
  layout: SheetLayout,
  image: string,
  { name, loops }: AnimationTag,
  fps: number,
): string {
  const regions = layout.cells.map(({ x, y, w, h }, index) => [
    `[sub_resource type="AtlasTexture" id="frame_${index}"]`,
    'atlas = ExtResource("sheet")',
    `region = Rect2(${x}, ${y}, ${w}, ${h})`,
  ]);
  const frames = layout.cells.map((_, index) =>
    `{ "duration": 1.0, "texture": SubResource("frame_${index}") }`
  );
  return resource("SpriteFrames", image, regions, [
    "animations = [{",
    `"frames": [${frames.join(", ")}],`,
    `"loop": ${loops},`,
    `"name": &${JSON.stringify(name)},`,
    `"speed": ${Number.isInteger(fps) ? fps.toFixed(1) : fps}`,
    "}]",
  ]);
}

function resource(
  type: string,
  image: string,
  parts: readonly (readonly string[])[],
  body: readonly string[],
): string {
  // The sheet, the parts and the resource itself.
  const steps = parts.length + 2;
  const sections = [
    [`[gd_resource type="${type}" load_steps=${steps} format=3]`],
    [`[ext_resource type="Texture2D" path=${JSON.stringify(image)} id="sheet"]`],
    ...parts,
    ["[resource]", ...body],
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

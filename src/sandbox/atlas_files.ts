/** The files beside a sheet, which tell game engines and editors where its images are. Pure. */

import {
  type AnimationTag,
  type AtlasOptions,
  describeSheet,
  godotSpriteFrames,
  godotTileSet,
  type SheetLayout,
  tiledTileset,
} from "../images/mod.ts";
import { MADE_BY } from "./parameters.ts";
import type { SetFile } from "./staging.ts";

/** Endings of the names of these files. */
const ENDINGS = /_sheet\.(?:json|tsj|tres)$/;

/** Digits of `_0000`. */
const NUMBER_DIGITS = 4;

/** What an animation is played like. */
export interface Playing {
  /** Images a second. */
  readonly fps: number;
  /** The cycle that was asked for by name; it begins the name of the animation. */
  readonly cycle: string | undefined;
  /** Whether it goes on from the start after its last image. */
  readonly loops: boolean;
}

/** How long each image is shown, in whole milliseconds. */
export function frameMs({ fps }: Pick<Playing, "fps">): number {
  return Math.round(1000 / fps);
}

/** Tells these files from images, by their path. */
export function isAtlasFile(path: string): boolean {
  return ENDINGS.test(path);
}

/** End of the name of the image with this number. */
export function numbered(index: number): string {
  return `_${String(index).padStart(NUMBER_DIGITS, "0")}`;
}

/** Of an animation: the atlas, with the point that figures stand on if it is known, and `SpriteFrames` for Godot. */
export function animationFiles(
  layout: SheetLayout,
  { fps, cycle, loops }: Playing,
  pivot?: AtlasOptions["pivot"],
): SetFile[] {
  // The name of the files is nobody else's, so no two animations of a game can have one name.
  const tagOf = (stem: string): AnimationTag => ({
    name: cycle === undefined ? stem : `${cycle}-${stem}`,
    loops,
  });
  const durationMs = frameMs({ fps });
  return [
    file("json", (stem) => {
      const feet = pivot === undefined ? {} : { pivot };
      return json(atlas(layout, stem, { durationMs, tag: tagOf(stem), ...feet }));
    }),
    file("tres", (stem) => godotSpriteFrames(layout, sheetName(stem), tagOf(stem), fps)),
  ];
}

/** Of a tile set: the atlas, and the tile set for Tiled and for Godot. */
export function tileFiles(layout: SheetLayout): SetFile[] {
  return [
    file("json", (stem) => json(atlas(layout, stem, {}))),
    file("tsj", (stem) => json(tiledTileset(layout, stem, sheetName(stem)))),
    file("tres", (stem) => godotTileSet(layout, sheetName(stem))),
  ];
}

function atlas(
  layout: SheetLayout,
  stem: string,
  about: Pick<AtlasOptions, "durationMs" | "tag" | "pivot">,
) {
  const names = layout.cells.map((_, index) => `${stem}${numbered(index)}.png`);
  return describeSheet(layout, { image: sheetName(stem), names, app: MADE_BY, ...about });
}

function file(ending: string, text: (stem: string) => string): SetFile {
  return { suffix: `_sheet.${ending}`, text };
}

function sheetName(stem: string): string {
  return `${stem}_sheet.png`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

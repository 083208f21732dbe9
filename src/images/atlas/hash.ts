/** The file that tells programs where the images of a sheet are. Pure. */

import type { Rect } from "../raster.ts";
import type { SheetLayout } from "../sheet.ts";

/** What an atlas is about. */
export interface AtlasOptions {
  /** File name of the sheet. */
  image: string;
  /** File name of each image on its own, in the order of the layout. */
  names: readonly string[];
  /** Program that made it. */
  app: string;
  /** Time that each image is shown, in milliseconds; none for images that are no animation. */
  durationMs?: number;
  /** The animation that all images make, from the first to the last; none if absent. */
  tag?: AnimationTag;
  /** What was cut off all images alike; nothing if absent. */
  trim?: AtlasTrim;
  /** The point that stays where it is while an image moves or turns, in pixels of the whole image. */
  pivot?: { x: number; y: number };
}

/** Which part of an image is left when its transparent edges were cut off. */
export interface AtlasTrim {
  /** Columns cut off at the left. */
  x: number;
  /** Rows cut off at the top. */
  y: number;
  /** Width before. */
  sourceWidth: number;
  /** Height before. */
  sourceHeight: number;
}

/** An animation by name. */
export interface AnimationTag {
  /** Its name; unique among all that a game may load. */
  name: string;
  /** Whether it goes on from the start after its last image. */
  loops: boolean;
}

/** One image of an atlas. */
export interface AtlasFrame {
  /** File name of the image on its own. */
  filename: string;
  /** Where it is in the sheet. */
  frame: Rect;
  /** Never turned. */
  rotated: false;
  /** Whether only a part of the image is in the sheet. */
  trimmed: boolean;
  /** The part of the image that is in the sheet. */
  spriteSourceSize: Rect;
  /** Size of the whole image. */
  sourceSize: { w: number; h: number };
  /** Time that it is shown, in milliseconds. */
  duration?: number;
}

/** A run of images. */
export interface AtlasTag {
  /** Its name. */
  name: string;
  /** Place of the first image. */
  from: number;
  /** Place of the last image. */
  to: number;
  /** In which order. */
  direction: "forward";
  /** How often it is played, as Aseprite writes it; for ever if absent. */
  repeat?: "1";
}

/** A named place in images; only pivots are written. */
export interface AtlasSlice {
  /** What it is. */
  name: "pivot";
  /** Its colour in the editor. */
  color: string;
  /** From which image on it is where; the pivot counts from the bounds' corner. */
  keys: { frame: number; bounds: Rect; pivot: { x: number; y: number } }[];
}

/**
 * An atlas in the shape that Aseprite and TexturePacker call "JSON hash", with what each reader of it
 * wants: Phaser's `createFromAseprite` the keys "0", "1", … and `frameTags`, PixiJS `animations`.
 */
export interface Atlas {
  /** The images by their place, "0" first. */
  frames: Record<string, AtlasFrame>;
  /** Keys of the images of each animation. */
  animations: Record<string, string[]>;
  /** About the sheet. */
  meta: {
    app: string;
    image: string;
    format: "RGBA8888";
    size: { w: number; h: number };
    scale: "1";
    frameTags: AtlasTag[];
    layers: never[];
    slices: AtlasSlice[];
  };
}

/** Describes a sheet. */
export function describeSheet(layout: SheetLayout, options: AtlasOptions): Atlas {
  const { image, app, tag } = options;
  const keys = layout.cells.map((_, index) => String(index));
  const frames = layout.cells.map((_, index) => [index, atlasFrame(layout, index, options)]);
  return {
    frames: Object.fromEntries(frames),
    animations: tag === undefined ? {} : { [tag.name]: keys },
    meta: {
      app,
      image,
      format: "RGBA8888",
      size: { w: layout.width, h: layout.height },
      scale: "1",
      frameTags: tag === undefined ? [] : [tagOfAll(layout, tag)],
      layers: [],
      slices: pivotOf(layout, options),
    },
  };
}

function atlasFrame(
  { cells }: SheetLayout,
  index: number,
  { names, durationMs, trim }: AtlasOptions,
): AtlasFrame {
  const frame = cells[index] ?? { x: 0, y: 0, w: 0, h: 0 };
  const { w, h } = frame;
  return {
    filename: names[index] ?? String(index),
    frame,
    rotated: false,
    trimmed: trim !== undefined,
    spriteSourceSize: { x: trim?.x ?? 0, y: trim?.y ?? 0, w, h },
    sourceSize: { w: trim?.sourceWidth ?? w, h: trim?.sourceHeight ?? h },
    ...(durationMs === undefined ? {} : { duration: durationMs }),
  };
}

function pivotOf({ cells }: SheetLayout, { pivot, trim }: AtlasOptions): AtlasSlice[] {
  if (pivot === undefined) return [];
  const { w = 0, h = 0 } = cells[0] ?? {};
  const bounds = { x: 0, y: 0, w: trim?.sourceWidth ?? w, h: trim?.sourceHeight ?? h };
  return [{ name: "pivot", color: "#0000ffff", keys: [{ frame: 0, bounds, pivot }] }];
}

function tagOfAll({ cells }: SheetLayout, { name, loops }: AnimationTag): AtlasTag {
  const tag: AtlasTag = { name, from: 0, to: cells.length - 1, direction: "forward" };
  return loops ? tag : { ...tag, repeat: "1" };
}

/** The file that tells programs where the images of a sheet are. Pure. */

import type { Rect } from "./raster.ts";
import type { SheetLayout } from "./sheet.ts";

/** What an atlas is about. */
export interface AtlasOptions {
  /** File name of the sheet. */
  image: string;
  /** Name of each image, in the order of the layout. */
  names: readonly string[];
  /** Program that made it. */
  app: string;
  /** Time that each image is shown, in milliseconds; none for images that are no animation. */
  durationMs?: number;
  /** Name of the animation of all images from the first to the last; none if absent. */
  tag?: string;
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

/** One image of an atlas. */
export interface AtlasFrame {
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

/** An atlas in the shape that Aseprite and TexturePacker call "JSON hash", which game engines read. */
export interface Atlas {
  /** The images by name, in order. */
  frames: Record<string, AtlasFrame>;
  /** About the sheet. */
  meta: {
    app: string;
    image: string;
    format: "RGBA8888";
    size: { w: number; h: number };
    scale: "1";
    frameTags: AtlasTag[];
    slices?: AtlasSlice[];
  };
}

/** Describes a sheet. */
export function describeSheet(layout: SheetLayout, options: AtlasOptions): Atlas {
  const { image, names, app, durationMs, tag, trim, pivot } = options;
  const frames = layout.cells.map((frame, index): [string, AtlasFrame] => [
    names[index] ?? String(index),
    {
      frame,
      rotated: false,
      trimmed: trim !== undefined,
      spriteSourceSize: { x: trim?.x ?? 0, y: trim?.y ?? 0, w: frame.w, h: frame.h },
      sourceSize: { w: trim?.sourceWidth ?? frame.w, h: trim?.sourceHeight ?? frame.h },
      ...(durationMs === undefined ? {} : { duration: durationMs }),
    },
  ]);
  const to = layout.cells.length - 1;
  const frameTags: AtlasTag[] = tag === undefined
    ? []
    : [{ name: tag, from: 0, to, direction: "forward" }];
  const { w = 0, h = 0 } = frames[0]?.[1].sourceSize ?? {};
  const slices: AtlasSlice[] = pivot === undefined ? [] : [{
    name: "pivot",
    color: "#0000ffff",
    keys: [{ frame: 0, bounds: { x: 0, y: 0, w, h }, pivot }],
  }];
  return {
    frames: Object.fromEntries(frames),
    meta: {
      app,
      image,
      format: "RGBA8888",
      size: { w: layout.width, h: layout.height },
      scale: "1",
      frameTags,
      ...(slices.length === 0 ? {} : { slices }),
    },
  };
}

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
}

/** One image of an atlas. */
export interface AtlasFrame {
  /** Where it is in the sheet. */
  frame: Rect;
  /** Never turned. */
  rotated: false;
  /** Never trimmed. */
  trimmed: false;
  /** The part of the image that is in the sheet: all of it. */
  spriteSourceSize: Rect;
  /** Its size. */
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
  };
}

/** Describes a sheet. */
export function describeSheet(layout: SheetLayout, options: AtlasOptions): Atlas {
  const { image, names, app, durationMs, tag } = options;
  const frames = layout.cells.map((frame, index): [string, AtlasFrame] => [
    names[index] ?? String(index),
    {
      frame,
      rotated: false,
      trimmed: false,
      spriteSourceSize: { x: 0, y: 0, w: frame.w, h: frame.h },
      sourceSize: { w: frame.w, h: frame.h },
      ...(durationMs === undefined ? {} : { duration: durationMs }),
    },
  ]);
  const to = layout.cells.length - 1;
  const frameTags: AtlasTag[] = tag === undefined
    ? []
    : [{ name: tag, from: 0, to, direction: "forward" }];
  return {
    frames: Object.fromEntries(frames),
    meta: {
      app,
      image,
      format: "RGBA8888",
      size: { w: layout.width, h: layout.height },
      scale: "1",
      frameTags,
    },
  };
}

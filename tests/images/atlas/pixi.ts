/** PixiJS's own parser of sprite sheets. */

// deno-lint-ignore-file no-console -- what PixiJS warns of is part of what is read

import { Spritesheet, type SpritesheetData, Texture, TextureSource } from "pixi.js";

/** What became of a sheet. */
export interface ParsedSheet {
  /** Left, top, width and height of each frame of each animation. */
  readonly animations: Record<string, number[][]>;
  /** What was written to the console. */
  readonly warnings: unknown[][];
}

/** Parses an atlas as PixiJS does when it is loaded. */
export async function parsePixi(
  data: SpritesheetData,
  { width, height }: { width: number; height: number },
): Promise<ParsedSheet> {
  const warnings: unknown[][] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => warnings.push(words);
  try {
    const source = new TextureSource({ width, height });
    const sheet = new Spritesheet(new Texture({ source }), data);
    await sheet.parse();
    const animations = Object.entries(sheet.animations).map(([name, frames]) => [
      name,
      frames.map(({ frame }) => [frame.x, frame.y, frame.width, frame.height]),
    ]);
    return { animations: Object.fromEntries(animations), warnings };
  } finally {
    console.warn = warn;
  }
}

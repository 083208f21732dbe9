/** `pixelize`: image files in, pixel art out. Needs no worker. */

import { ConfigError } from "../../errors.ts";
import { MAX_PIXELS } from "../../images/mod.ts";
import { pixelize, pixelizeSequence } from "../../pixels/mod.ts";
import type { Dither, FoundGrid, PixelArt, PixelizeOptions, RgbaImage } from "../../pixels/mod.ts";
import { EXIT, explainError } from "../errors.ts";
import type { Io } from "../io.ts";
import { countOf, describeDoubts } from "../job_facts.ts";
import { printable } from "../text.ts";
import { readImage, readPaletteOption } from "./read.ts";
import { checkAnimationPath, checkPaths, outputPath } from "./paths.ts";
import { writeAnimation, writeArt, type Written } from "./write.ts";

/** Options of the command. */
export interface PixelizeCommandOptions {
  /** File of the one result. */
  output?: string;
  /** Directory of the results. */
  outputDir?: string;
  /** Size in cells. */
  size?: [number, number];
  /** Most colours. */
  colors?: number;
  /** Name or file of a palette. */
  palette?: string;
  /** How to imitate colours. */
  dither?: Dither;
  /** Whether the background goes. */
  transparent?: boolean;
  /** Whether enclosed background goes too. */
  holes?: boolean;
  /** Colour of a line around what is opaque. */
  outline?: string;
  /** Whether transparent edges are cut off. */
  trim?: boolean;
  /** Enlargements to write as well. */
  scale?: number[];
  /** Whether the images are frames that belong together. */
  sequence?: boolean;
  /** How long each frame is shown, in milliseconds. */
  duration?: number;
  /** Whether to tell how images fit to themselves. */
  tile?: boolean;
  /** Pixels to repeat the border by. */
  extrude?: number;
  /** Whether to write JSON. */
  json?: boolean;
}

/** How long frames are shown unless it is said, in milliseconds. */
const FRAME_MS = 100;

/** Runs the command; resolves with its exit code: 1 if one of several images could not be done. */
export async function runPixelize(
  files: readonly string[],
  options: PixelizeCommandOptions,
  io: Io,
): Promise<number> {
  checkOptions(files, options);
  if (options.sequence === true && options.output !== undefined) {
    await checkAnimationPath(files, options.output);
  } else await checkPaths(files, options);
  const how = await howOf(options);
  if (options.sequence === true) return await runSequence(files, how, options, io);
  let failed = 0;
  for (const file of files) {
    try {
      const image = await readImage(file);
      const startedAt = performance.now();
      const result = pixelize(image, how);
      const ms = performance.now() - startedAt;
      const written = await writeArt(outputPath(file, options), result.image, image.text, options);
      report(file, written, { ...result, ms }, options, io);
    } catch (error) {
      const { message, code } = explainError(error);
      if (code === EXIT.internal) throw error;
      failed++;
      if (options.json === true) io.out(`${JSON.stringify({ file, error: message })}\n`);
      else {io.err(
          `error: ${printable(message.includes(file) ? message : `${file}: ${message}`)}\n`,
        );}
    }
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

async function runSequence(
  files: readonly string[],
  how: PixelizeOptions,
  options: PixelizeCommandOptions,
  io: Io,
): Promise<number> {
  const frames = await readFrames(files);
  const startedAt = performance.now();
  const { images, found } = pixelizeSequence(frames, how);
  const ms = performance.now() - startedAt;
  if (options.output !== undefined) {
    const durationMs = options.duration ?? FRAME_MS;
    const path = options.output;
    await writeAnimation(path, images, durationMs, frames[0]!.text);
    const image = images[0]!;
    const written: Written = { path, size: [image.width, image.height], scaled: [] };
    report(files.join(" "), written, { image, found, ms }, options, io);
    return EXIT.ok;
  }
  for (const [index, image] of images.entries()) {
    const written = await writeArt(
      outputPath(files[index]!, options),
      image,
      frames[index]!.text,
      options,
    );
    report(files[index]!, written, { image, found, ms: ms / images.length }, options, io);
  }
  return EXIT.ok;
}

async function readFrames(
  files: readonly string[],
): Promise<(RgbaImage & { text: Record<string, string> })[]> {
  const frames: Awaited<ReturnType<typeof readFrames>> = [];
  for (const file of files) {
    const frame = await readImage(file);
    const { width, height } = frames[0] ?? frame;
    if (frame.width !== width || frame.height !== height) {
      throw new ConfigError(
        "invalid_value",
        `Frames must be of one size, but ${files[0]} has ${width}x${height} pixels and ` +
          `${file} ${frame.width}x${frame.height}`,
      );
    }
    frames.push(frame);
    if (frames.length * width * height <= MAX_PIXELS) continue;
    throw new ConfigError(
      "invalid_value",
      `The frames have more than ${MAX_PIXELS} pixels together; give fewer or smaller ones`,
    );
  }
  return frames;
}

function checkOptions(files: readonly string[], options: PixelizeCommandOptions): void {
  const { output, outputDir, sequence = false, scale } = options;
  const refuse = (why: string) => {
    throw new ConfigError("usage", why);
  };
  if (output !== undefined && outputDir !== undefined) {
    refuse("Give --output or --output-dir, not both");
  }
  if (output !== undefined && files.length > 1 && !sequence) {
    refuse("--output takes one image; give --output-dir for several, or --sequence for frames");
  }
  if (output !== undefined && sequence && scale !== undefined) {
    refuse("An animation is not enlarged; leave out --scale or --output");
  }
  if (options.holes === true && options.transparent !== true) refuse("--holes needs --transparent");
  if (options.duration !== undefined && (!sequence || output === undefined)) {
    refuse("--duration needs --sequence and --output");
  }
}

async function howOf(options: PixelizeCommandOptions): Promise<PixelizeOptions> {
  const { size, colors, palette, dither, outline } = options;
  const { transparent = false, holes = false, trim = false } = options;
  return {
    ...(size === undefined ? {} : { size }),
    ...(colors === undefined ? {} : { colors }),
    ...(palette === undefined ? {} : { palette: await readPaletteOption(palette) }),
    ...(dither === undefined ? {} : { dither }),
    ...(outline === undefined ? {} : { outline }),
    background: transparent ? "transparent" : "keep",
    holes,
    trim,
  };
}

function report(
  file: string,
  { path, size, scaled, seams }: Written,
  { image, found, ms }: { image: PixelArt; found: FoundGrid; ms: number },
  options: PixelizeCommandOptions,
  io: Io,
): void {
  const { cells, cellWidth, cellHeight, offset, confidence, sure, colors, warnings } = found;
  if (options.json === true) {
    const line = {
      file,
      output: path,
      scaled,
      size,
      cells,
      pitch: [rounded(cellWidth), rounded(cellHeight)],
      offset: offset.map(rounded),
      confidence: rounded(confidence),
      sure,
      colors,
      ...(options.trim === true ? { trim: image.trim } : {}),
      ...(seams === undefined ? {} : { tile: seams }),
      ms: rounded(ms),
      warnings,
    };
    io.out(`${JSON.stringify(line)}\n`);
    return;
  }
  const remarks = [
    `${cells[0]}x${cells[1]} cells of ${countOf(Number(cellWidth.toFixed(2)), "pixel")}`,
    countOf(colors, "colour"),
    ...(seams === undefined ? [] : [seams.tileable ? "tileable" : "seams show"]),
    ...(sure ? ["sure"] : []),
    ...describeDoubts(found, "the original"),
  ];
  io.out(`${printable(path)}: ${remarks.join(", ")}\n`);
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

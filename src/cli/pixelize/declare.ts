/** How `pixelize` is written. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { wholeNumberBetween } from "../arguments.ts";
import { runBase } from "../base.ts";
import type { Io } from "../io.ts";
import { OUTLINE } from "../../protocol/limits.ts";
import { type Finish, inherit } from "../options.ts";
import type { PixelizeCommandOptions } from "./command.ts";

/** Runs a line that begins with `pixelize`; of the program's commands it has only this one. */
export async function runPixelizeLine(args: readonly string[], io: Io): Promise<number> {
  return await runBase(args, io, (program, finish) => addPixelize(program, io, finish));
}

/** Adds the command. */
export function addPixelize(program: Command, io: Io, finish: Finish): void {
  inherit(program, "pixelize")
    .description("turn images into true pixel art: on the grid that they show, in few colours")
    .argument("<image...>", "PNG or JPEG files")
    .option("-o, --output <file>", "where to put the result of one image, or of --sequence")
    .option(
      "--output-dir <dir>",
      "where to put results (default: beside each image, as NAME.pixel.png)",
    )
    .option("--size <WxH>", "size in cells, kept exactly (default: as found)", cellSize)
    .option(
      "--colors <number>",
      "most colours (default: as found)",
      wholeNumberBetween(1, 255),
    )
    .option("--palette <palette>", "name of a palette, or a file: hex, gpl, pal, txt, ase, png")
    .addOption(
      new Option("--dither <kind>", "how to imitate colours that are left out")
        .choices(["none", "floyd-steinberg", "bayer"]),
    )
    .option("--transparent", "make the background transparent, from the edges inwards")
    .option("--holes", "with --transparent: enclosed background too")
    .option(
      "--outline <colour>",
      "a line around what is opaque: #rrggbb, or auto for the darkest colour",
      lineColor,
    )
    .option("--trim", "cut off transparent edges")
    .option("--scale <factors>", "also write enlargements, such as 4,8", scaleFactors)
    .option("--sequence", "the images are frames: one grid, one palette, one box for all")
    .option(
      "--duration <ms>",
      "with --sequence and -o FILE.gif or FILE.png: how long each frame is shown",
      wholeNumberBetween(1, 65_535),
    )
    .option("--tile", "say how well each image repeats as a tile")
    .option("--extrude <pixels>", "repeat the border of tiles outwards", wholeNumberBetween(1, 64))
    .option("--json", "write one JSON object a line")
    .addHelpText(
      "after",
      "\nPalettes: 1-bit, game-boy, game-boy-pocket, pico-8, sweetie-16, db16, db32, endesga-32, c64, cga,\n" +
        "zx-spectrum, nes. Results are indexed PNG files whose colour 0 is transparent; texts of a PNG are kept.",
    )
    .action(async (images: string[], options: PixelizeCommandOptions) => {
      const { runPixelize } = await import("./command.ts");
      finish(await runPixelize(images, options, io));
    });
}

function cellSize(text: string): [number, number] {
  const [, width, height] = /^(\d{1,4})[xX](\d{1,4})$/.exec(text) ?? [];
  const size: [number, number] = [Number(width), Number(height)];
  if (size.every((side) => side >= 1 && side <= 4096)) return size;
  throw new InvalidArgumentError("It must be WIDTHxHEIGHT, each from 1 to 4096.");
}

function lineColor(text: string): string {
  if (OUTLINE.test(text)) return text;
  throw new InvalidArgumentError("It must be auto or a colour such as #1a1c2c.");
}

function scaleFactors(text: string): number[] {
  const factors = text.split(",").map((part) => /^\d{1,2}$/.test(part) ? Number(part) : 0);
  if (factors.every((factor) => factor >= 2 && factor <= 64)) return [...new Set(factors)];
  throw new InvalidArgumentError("It must be whole numbers from 2 to 64 with commas between.");
}

/** An animation as files that play by themselves, beside its sheet: a GIF and an animated PNG. */

import {
  type AnimationTiming,
  crop,
  cropIndexed,
  encodeGif,
  encodePng,
  type IndexedImage,
  joinPngs,
  type Raster,
  reduceColors,
  type SheetLayout,
} from "../images/mod.ts";
import { frameMs, type Playing } from "./atlas_files.ts";
import type { ResultContext } from "./result_image.ts";
import type { SetFile } from "./staging.ts";

/** Pixels of all frames together up to which such files are made: a GIF is packed in one go. */
const MOST_PIXELS = 2 ** 25;

/** Frames, the way they are at hand. */
export interface PlayableFrames {
  /** Their PNG files, in order. */
  readonly temps: readonly string[];
  /** All frames in one image: of few colours, or any. */
  readonly sheet: IndexedImage | Raster;
  /** Where they are in it. */
  readonly layout: SheetLayout;
}

/** When each of some frames goes, and how often all play. */
function timingOf(count: number, playing: Playing): AnimationTiming {
  return { durationsMs: new Array(count).fill(frameMs(playing)), plays: playing.loops ? 0 : 1 };
}

/** Makes both files. Where the frames have more colours than a GIF can, its colours are near them. */
export async function playableFiles(
  { temps, sheet, layout }: PlayableFrames,
  playing: Playing,
  { staging, signal }: Pick<ResultContext, "staging" | "signal">,
): Promise<SetFile[]> {
  const cells = layout.cells.slice(0, temps.length);
  if (cells.reduce((sum, { w, h }) => sum + w * h, 0) > MOST_PIXELS) return [];
  const timing = timingOf(temps.length, playing);
  const reduced = "indices" in sheet ? sheet : reduceColors(sheet);
  const gif = encodeGif(cells.map((cell) => cropIndexed(reduced, cell)), timing);
  signal.throwIfAborted();
  const files = await Promise.all(temps.map((temp) => Deno.readFile(temp)));
  const apng = joinPngs(files, timing) ?? joinPngs(await repacked(sheet, cells), timing);
  signal.throwIfAborted();
  const playable: SetFile[] = [];
  for (const [suffix, bytes] of [[".gif", gif], [".apng", apng]] as const) {
    if (bytes !== undefined) {
      playable.push({ suffix, temp: await staging.write(bytes), plays: true });
    }
  }
  return playable;
}

/** Frames that came as files of several kinds, all as one kind. */
async function repacked(
  sheet: IndexedImage | Raster,
  cells: SheetLayout["cells"],
): Promise<Uint8Array[]> {
  if ("indices" in sheet) return [];
  return await Promise.all(cells.map((cell) => encodePng(crop(sheet, cell))));
}

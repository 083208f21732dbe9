/** From the images of a job to the frames of an animation and their sheet. */

import { ComfyError } from "../errors.ts";
import {
  crop,
  type DecodedImage,
  emptyRaster,
  encodePng,
  placeFrame,
  type Raster,
  resizeNearest,
  type SheetLayout,
  tileLayout,
} from "../images/mod.ts";
import { CYCLES } from "../workflow/animation/cycles.ts";
import type { FramePlan } from "../workflow/mod.ts";
import { animationFiles, numbered, type Playing } from "./atlas_files.ts";
import type { PixelContext, PixelStage } from "./pixel/stage.ts";
import { PARAMETERS_KEYWORD } from "./parameters.ts";
import { playableFiles } from "./playable.ts";
import { readImage, type ResultContext, type StagedImage } from "./result_image.ts";
import { layoutFrames, type ResultShape } from "./shape.ts";
import type { FileSet, SetFile } from "./staging.ts";

/** Images a second where a request does not say: Aseprite's own default, 100 ms each. */
const USUAL_FPS = 10;

type AnimationShape = ResultShape & { animation_frames: number };

/**
 * Makes the files of all animations that the images hold: the sheet, the frames in order, a
 * GIF and an animated PNG, the atlas.
 *
 * @throws {JobError} `invalid_parameter` if no sheet can be that large.
 * @throws {ComfyError} `output` if there are too few images, or they differ in size.
 */
export async function animationSets(
  shape: AnimationShape,
  images: readonly StagedImage[],
  context: PixelContext,
): Promise<FileSet[]> {
  const { frames: plan = { type: "batch" } } = context;
  const sets: FileSet[] = [];
  const sources = sourcesOf(shape.animation_frames, plan, images);
  for (const source of sources) {
    const stem = await context.stemOf(sets.length);
    if (context.pixel !== undefined) {
      context.onPixel?.(sets.length, sources.length);
      sets.push({ stem, ...await pixelAnimation(context.pixel, source, { shape, plan, context }) });
      continue;
    }
    const maker = new AnimationMaker(shape, context);
    if (plan.type === "sheet") await maker.cut(plan.sheet, source);
    else await maker.addAll(source);
    sets.push({ stem, files: await maker.files() });
  }
  return sets;
}

/** An animation of pixel art: its frames are in memory together, since they have one grid and palette. */
async function pixelAnimation(
  pixel: PixelStage,
  source: readonly StagedImage[],
  { shape, plan, context }: { shape: AnimationShape; plan: FramePlan; context: ResultContext },
): Promise<Pick<FileSet, "files" | "found">> {
  const { animation_frames: count, sheet_columns: columns } = shape;
  const decoded: DecodedImage[] = [];
  for (const image of source) {
    context.signal.throwIfAborted();
    decoded.push(await readImage(image));
  }
  const [first] = decoded;
  if (first === undefined) throw wrongNumber(0, count);
  const rasters = plan.type === "sheet"
    ? cellsOf(first, plan.sheet.columns, plan.sheet.rows).slice(0, count)
      .map((cell) => crop(first, cell))
    : decoded;
  const frames = { rasters, text: first.text, originals: source };
  const layoutOf = (width: number, height: number) => layoutFrames(count, width, height, columns);
  const made = await pixel.animation(frames, layoutOf, context);
  const playing = playingOf(shape);
  const playable = await playableFiles(made.frames, playing, context);
  const atlas = animationFiles(made.frames.layout, playing, made.pivot);
  return { files: [...made.files, ...playable, ...atlas], found: made.found };
}

function playingOf({ fps = USUAL_FPS, cycle }: AnimationShape): Playing {
  return { fps, cycle, loops: cycle === undefined || CYCLES[cycle].loops };
}

/** The images of each animation, in order. */
function sourcesOf(
  frames: number,
  plan: FramePlan,
  images: readonly StagedImage[],
): (readonly StagedImage[])[] {
  if (plan.type === "sheet") return images.map((image) => [image]);
  if (plan.type === "batch") return groups(images, frames, frames);
  // Codecs of videos may round the number of images: what is there is used if it is enough.
  const whole = images.length % plan.length === 0 ? plan.length : images.length;
  return groups(images, whole, frames).map((clip) => {
    const chosen = clip.filter((_, index) => index % plan.step === 0).slice(0, frames);
    if (chosen.length === frames) return chosen;
    throw wrongNumber(images.length, frames);
  });
}

function groups<Item>(items: readonly Item[], size: number, frames: number): Item[][] {
  if (items.length % size !== 0) throw wrongNumber(items.length, frames);
  return Array.from(
    { length: items.length / size },
    (_, index) => items.slice(index * size, (index + 1) * size),
  );
}

function wrongNumber(images: number, frames: number): ComfyError {
  return new ComfyError(
    "output",
    `ComfyUI made ${images} images for an animation of ${frames} frames`,
  );
}

/** Puts one animation together; one frame at a time is in memory beside the sheet. */
class AnimationMaker {
  readonly #shape: AnimationShape;
  readonly #context: ResultContext;
  readonly #frames: { suffix: string; temp: string }[] = [];
  #sheet: { raster: Raster; layout: SheetLayout; text: DecodedImage["text"] } | undefined;

  constructor(shape: AnimationShape, context: ResultContext) {
    this.#shape = shape;
    this.#context = context;
  }

  /** Takes images that are frames as they came. */
  async addAll(frames: readonly StagedImage[]): Promise<void> {
    for (const frame of frames) {
      this.#context.signal.throwIfAborted();
      const { text, ...image } = await readImage(frame);
      this.#place(image, text);
      const suffix = numbered(this.#frames.length) + frame.extension;
      this.#frames.push({ suffix, temp: frame.temp });
    }
  }

  /** Cuts one image into frames and brings each to the size that was asked for. */
  async cut(
    { columns, rows }: { columns: number; rows: number },
    [source]: readonly StagedImage[],
  ): Promise<void> {
    if (source === undefined) return;
    const { staging, parameters, signal } = this.#context;
    const { animation_frames: frames, size: [width, height] } = this.#shape;
    const { text, ...image } = await readImage(source);
    for (const cell of cellsOf(image, columns, rows).slice(0, frames)) {
      signal.throwIfAborted();
      const frame = resizeNearest(crop(image, cell), width, height);
      this.#place(frame, text);
      const png = await encodePng(frame, { ...text, [PARAMETERS_KEYWORD]: parameters });
      const suffix = `${numbered(this.#frames.length)}.png`;
      this.#frames.push({ suffix, temp: await staging.write(png) });
    }
  }

  /** The files, the sheet first. It carries the texts of its first frame, so that ComfyUI can load it. */
  async files(): Promise<SetFile[]> {
    if (this.#sheet === undefined) return [];
    const { raster, layout, text } = this.#sheet;
    const { staging, parameters } = this.#context;
    const png = await encodePng(raster, { ...text, [PARAMETERS_KEYWORD]: parameters });
    const playing = playingOf(this.#shape);
    const temps = this.#frames.map(({ temp }) => temp);
    return [
      { suffix: "_sheet.png", temp: await staging.write(png) },
      ...this.#frames,
      ...await playableFiles({ temps, sheet: raster, layout }, playing, this.#context),
      ...animationFiles(layout, playing),
    ];
  }

  #place(image: Raster, text: DecodedImage["text"]): void {
    this.#sheet ??= this.#start(image, text);
    const { w, h } = this.#sheet.layout.cells[0] ?? { w: 0, h: 0 };
    if (image.width !== w || image.height !== h) {
      const sizes = `${w}x${h} and ${image.width}x${image.height}`;
      throw new ComfyError("output", `ComfyUI made frames of different sizes: ${sizes}`);
    }
    placeFrame(this.#sheet.raster, this.#sheet.layout, this.#frames.length, image);
  }

  #start({ width, height }: Raster, text: DecodedImage["text"]) {
    const { animation_frames: count, sheet_columns: columns } = this.#shape;
    const layout = layoutFrames(count, width, height, columns);
    return { raster: emptyRaster(layout.width, layout.height), layout, text };
  }
}

function cellsOf(image: Raster, columns: number, rows: number): SheetLayout["cells"] {
  try {
    return tileLayout(image, columns, rows).cells;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ComfyError("output", `The sheet of poses cannot be cut: ${cause.message}`, { cause });
  }
}

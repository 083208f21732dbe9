/** Names under which nodes hold a size, and what their latents can be. Pure. */

/** Names of a size's two inputs: a latent's, a scaled image's, that of the efficiency loaders. */
const SIZES = [
  ["width", "height"],
  ["empty_latent_width", "empty_latent_height"],
  ["resize_type.width", "resize_type.height"],
] as const;

/** The two that a node has, literal or linked; undefined if it has no size. */
export function sizeNames(
  inputs: Readonly<Record<string, unknown>>,
): (typeof SIZES)[number] | undefined {
  return SIZES.find(([width, height]) => width in inputs && height in inputs);
}

/** Further ones that encoders have, which agree with the latent's where their author meant it so. */
export const ENCODED_SIZES = [["width", "height"], ["target_width", "target_height"]] as const;

/** Inputs in which the latents of videos count their frames. */
export const FRAME_COUNTS = ["length", "video_frames", "num_frames", "frame_count", "frames"];

/** Where the sound of a video, which has no size, counts them. */
export const SOUND_FRAMES = "frames_number";

/** Pixels of an image that one of a latent stands for, by the class that makes it. */
const LATENT_PIXELS: readonly (readonly [RegExp, number])[] = [
  [/Flux2|Wan22|Chroma/i, 16],
  [/HunyuanImage|LTXV/i, 32],
];

/** Of Stable Diffusion, SDXL, SD 3, Flux and nearly all others. */
const USUAL_PIXELS = 8;

/** What widths and heights must be multiples of, so that nothing is cut off, in pixels. */
export function latentPixels(nodeClass: string): number {
  return LATENT_PIXELS.find(([name]) => name.test(nodeClass))?.[1] ?? USUAL_PIXELS;
}

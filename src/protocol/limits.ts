/** The limits of messages, for whoever needs no more than these. */

import { ProtocolError } from "../errors.ts";

/** Longest message in bytes, both ways (1 MiB). */
export const MAX_MESSAGE_BYTES = 1_048_576;

/**
 * Most values in a request, map keys included. The largest of ours has some 150; a megabyte of small maps, in a
 * field that is then ignored, would keep the worker from its other work for a second.
 */
export const MAX_REQUEST_VALUES = 4_000;

/** Longest prompt in Unicode code points. */
export const MAX_PROMPT_CHARS = 10_000;

/** Longest id, name or path in code points; the wire does not fix one, a stranger must not either. */
export const MAX_NAME_CHARS = 512;

/** Longest part of a prompt that descriptions of jobs repeat, in Unicode code points. */
export const MAX_TOLD_PROMPT_CHARS = 200;

/** Most jobs that one `list_jobs` may name. */
export const MAX_JOB_IDS = 1_000;

/** Largest seed that survives JSON and JavaScript unrounded, 2^53 − 1. */
export const MAX_SEED: number = Number.MAX_SAFE_INTEGER;

/** The error for a message that is longer than it may be. */
export function tooLarge(size: number): ProtocolError {
  return new ProtocolError(
    "too_large",
    `Message too large: ${size} bytes, the limit is ${MAX_MESSAGE_BYTES}`,
  );
}

/** Longest prompt of one frame of an animation, in code points. */
export const MAX_FRAME_PROMPT_CHARS = 500;

/** What a figure can do in an animation, by names that every artist knows. */
export const CYCLE_NAMES = [
  "idle",
  "walk",
  "run",
  "attack",
  "jump",
  "hurt",
  "death",
  "cast",
] as const;

/** Longest side of pixel art that can be asked for, in cells. */
export const MAX_CELLS = 4_096;

/** Most colours of pixel art, transparency not counted. */
export const MAX_COLORS = 255;

/** Longest name of a palette, in code points. */
export const MAX_PALETTE_NAME_CHARS = 128;

/** Most enlargements of an image. */
export const MAX_SCALES = 8;

/** Largest whole enlargement of an image. */
export const MAX_SCALE = 64;

/** Most pixels that the border of a tile is repeated outwards. */
export const MAX_EXTRUDE = 64;

/** Most entries of `pixel` in a result: of more images the first ones are told about. */
export const MAX_PIXEL_RESULTS = 64;

/** Most entries of `animation_paths`: of more animations the first ones are told about. */
export const MAX_ANIMATION_PATHS = 64;

/** Most tiles that `seams` of one job tell about, all its tile sets together. */
export const MAX_SEAMS = 256;

/** How colours that a palette lacks can be imitated. */
export const DITHERS = ["none", "floyd-steinberg", "bayer"] as const;

/** What the colour of an outline can be. */
export const OUTLINE = /^(auto|#[0-9a-fA-F]{6})$/;

/** The same in words. */
export const OUTLINE_WORDS = "auto or a colour such as #1a1c2c";

/** The states that a job ends in, which webhooks are told of. */
export const ENDINGS = ["completed", "failed", "cancelled"] as const;

/** Longest address of a webhook, in code points. */
export const MAX_URL_CHARS = 2_048;

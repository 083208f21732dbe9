/**
 * What a painted image is made from.
 *
 * @module
 */

import type { Image } from "../files/image.ts";

/** Everything that decides about a painted image. Equal recipes give equal images. */
export interface Recipe {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** What to show. */
  readonly prompt: string;
  /** Chooses among all images of the prompt. */
  readonly seed: bigint;
  /** How much of its motion the figure has made, 0 to 1; it stands still when `undefined`. */
  readonly moment?: number | undefined;
  /** Model and LoRAs: shifts the colours. */
  readonly style: string;
  /** Image to start from; `undefined` to start from nothing. */
  readonly base: Image | undefined;
  /** How much of the base is made anew, 0 to 1. */
  readonly denoise: number;
  /** Whether it looks as if a diffusion model had made it. @default {false} */
  readonly isDiffused?: boolean;
  /** Where the base may be changed: 255 fully, 0 not at all; everywhere when `undefined`. */
  readonly mask: Mask | undefined;
}

/** A mask; it is stretched over the image. */
export interface Mask {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** One byte a pixel. */
  readonly data: Uint8Array;
}

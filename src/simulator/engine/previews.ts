/**
 * The previews of one run: whether there are any, and how they are made.
 *
 * @module
 */

import { type Image, resized } from "../files/image.ts";
import { encodeJpeg } from "../files/jpeg.ts";
import type { SentImage } from "../frames.ts";
import type { Settings } from "../options.ts";

/** Longest side of a preview in pixels; smaller ones are scaled up. */
const PREVIEW_SIZE = 512;
const PREVIEW_QUALITY = 95;

/** What a prompt may ask for; any other word, such as `default`, leaves it to the server. */
const PREVIEW_METHODS = ["none", "auto", "latent2rgb", "taesd"];

/** Makes the previews of a run. */
export class Previews {
  readonly #isStill: boolean;
  readonly #areSent: boolean;
  /** The preview that is sent again and again, if it is. */
  #still: Uint8Array | undefined;

  /** `asked` is what the prompt says of previews. */
  constructor({ profile, previewMethod }: Settings, asked: unknown) {
    const isAsked = profile.previewMethodOfPrompt && typeof asked === "string" &&
      PREVIEW_METHODS.includes(asked);
    this.#isStill = previewMethod === "still";
    this.#areSent = (isAsked ? asked : previewMethod) !== "none";
  }

  /** The preview of an image; undefined if none are sent. */
  make(image: () => Image): SentImage | undefined {
    if (!this.#areSent) return undefined;
    if (!this.#isStill) return { bytes: toJpeg(image()), type: "image/jpeg" };
    this.#still ??= encodeJpeg(image(), PREVIEW_QUALITY);
    return { bytes: this.#still, type: "image/jpeg" };
  }
}

/** A preview is brought to a fixed length of its longer side, up or down. */
function toJpeg(image: Image): Uint8Array {
  const scale = PREVIEW_SIZE / Math.max(image.width, image.height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return encodeJpeg(resized(image, side(image.width), side(image.height)), PREVIEW_QUALITY);
}

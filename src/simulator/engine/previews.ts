/** The previews of one run, as JPEG files. */

import { type Image, plainImage, resized } from "../files/image.ts";
import { encodeJpeg } from "../files/jpeg.ts";
import type { Settings } from "../options.ts";

/** Longest side of a preview in pixels; smaller ones are scaled up. */
const SIZE = 512;
const QUALITY = 95;

const GREY = [128, 128, 128] as const;

/** To paint one takes longer than a quick step: for so long the last one is sent again. */
const LASTS_MS = 100;

/** The one of all runs that is sent where it never changes: to write one takes longer than a quick job. */
let still: Uint8Array | undefined;

/** What a prompt may ask for; any other word, such as `default`, leaves it to the server. */
const METHODS = ["none", "auto", "latent2rgb", "taesd"];

/** Paints previews where they are asked for. */
export class Previews {
  readonly #settings: Pick<Settings, "profile" | "previewMethod" | "clock">;
  readonly #isSent: boolean;
  #last: { readonly jpeg: Uint8Array; readonly atMs: number } | undefined;

  /** For a prompt whose `extra_data` asks for this method, if for any. */
  constructor(settings: Pick<Settings, "profile" | "previewMethod" | "clock">, asked: unknown) {
    this.#settings = settings;
    const { profile, previewMethod } = settings;
    const isHeeded = profile.previewMethodOfPrompt && typeof asked === "string" &&
      METHODS.includes(asked);
    this.#isSent = (isHeeded ? asked : previewMethod) !== "none";
  }

  /** The preview to send now; `paint` is called only where the last one is too old. */
  of(paint: () => Image): Uint8Array | undefined {
    if (!this.#isSent) return undefined;
    const { previewMethod, clock } = this.#settings;
    if (previewMethod === "still") return still ??= encodeJpeg(plainImage(8, 8, GREY), QUALITY);
    const atMs = clock.now();
    const last = this.#last;
    if (last !== undefined && Math.abs(atMs - last.atMs) < LASTS_MS) return last.jpeg;
    const jpeg = encodeJpeg(scaled(paint()), QUALITY);
    this.#last = { jpeg, atMs };
    return jpeg;
  }
}

/** A preview is brought to a fixed length of its longer side, up or down. */
function scaled(image: Image): Image {
  const scale = SIZE / Math.max(image.width, image.height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resized(image, side(image.width), side(image.height));
}

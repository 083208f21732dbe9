/**
 * What flows between nodes: small records that remember what a real tensor would have been made from.
 *
 * @module
 */

import type { Image } from "../files/image.ts";
import type { Json } from "../json.ts";

/** A LoRA with its strength. */
export interface AppliedLora {
  /** File name. */
  readonly name: string;
  /** Strength on the model. */
  readonly strength: number;
}

/** A diffusion model. */
export interface ModelValue {
  readonly type: "MODEL";
  /** File name. */
  readonly name: string;
  /** LoRAs on top of it. */
  readonly loras: readonly AppliedLora[];
}

/** A text encoder. */
export interface ClipValue {
  readonly type: "CLIP";
  /** File name. */
  readonly name: string;
}

/** An image codec. */
export interface VaeValue {
  readonly type: "VAE";
  /** File name. */
  readonly name: string;
}

/** Encoded text. */
export interface ConditioningValue {
  readonly type: "CONDITIONING";
  /** The texts that went into it. */
  readonly texts: readonly string[];
}

/** A mask: 0 keeps, 255 paints anew. */
export interface MaskValue {
  readonly type: "MASK";
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** One byte a pixel. */
  readonly data: Uint8Array;
}

/** Latent images of one size. */
export interface LatentValue {
  readonly type: "LATENT";
  /** Width in pixels of the decoded image. */
  readonly width: number;
  /** Height in pixels of the decoded image. */
  readonly height: number;
  /** What each image of the batch shows; `undefined` while it is empty. */
  readonly images: readonly (Image | undefined)[];
  /** Images of one video, when the images are videos one after the other. */
  readonly videoLength?: number;
  /** Where a sampler may paint. */
  readonly mask: MaskValue | undefined;
}

/** Images of one size. */
export interface ImageValue {
  readonly type: "IMAGE";
  /** The images, at least one. */
  readonly images: readonly Image[];
}

/** A sampling method. */
export interface SamplerValue {
  readonly type: "SAMPLER";
  /** Its name. */
  readonly name: string;
}

/** Noise levels. */
export interface SigmasValue {
  readonly type: "SIGMAS";
  /** Number of steps that they stand for. */
  readonly steps: number;
  /** How much of the image is made anew, 0 to 1. */
  readonly denoise: number;
}

/** A model with what guides it. */
export interface GuiderValue {
  readonly type: "GUIDER";
  /** The model. */
  readonly model: ModelValue;
  /** What to show. */
  readonly positive: ConditioningValue;
}

/** Noise. */
export interface NoiseValue {
  readonly type: "NOISE";
  /** Its seed. */
  readonly seed: bigint;
}

/** A text, number or truth value. */
export interface PlainValue {
  readonly type: "PLAIN";
  /** The value. */
  readonly value: Json;
}

/** Any value on a link. */
export type Value =
  | ModelValue
  | ClipValue
  | VaeValue
  | ConditioningValue
  | MaskValue
  | LatentValue
  | ImageValue
  | SamplerValue
  | SigmasValue
  | GuiderValue
  | NoiseValue
  | PlainValue;

/** The value of one type. */
export type ValueOf<Type extends Value["type"]> = Extract<Value, { type: Type }>;

/** Messages about prompts whose posts are not answered yet: they are kept until it is known whose they are. */

import type { ServerEvent } from "../api/events.ts";

/** Messages that are kept; what is lost, HTTP tells later. */
const MOST = 1_000;
/** Most bytes of images among them; those of a node that only sends its images are in no file. */
const MOST_BYTES = 128 * 1_048_576;

/** Limits of {@linkcode Strays}. */
export interface StraysOptions {
  /** Most messages. @default {1000} */
  most?: number;
  /** Most bytes of images. @default {134217728} */
  mostBytes?: number;
}

/** Messages that came before the answer of the post that tells their prompt's id. */
export class Strays {
  readonly #most: number;
  readonly #mostBytes: number;
  #kept: { readonly owner: string; readonly event: ServerEvent }[] = [];
  #hasLost = false;

  /** Begins with none. */
  constructor({ most = MOST, mostBytes = MOST_BYTES }: StraysOptions = {}) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** True once there was no room for one. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Of previews, which are large, only the latest waits; a PNG may be an image that is in no file. */
  keep(owner: string, event: ServerEvent): void {
    if (isMerePreview(event)) {
      this.#kept = this.#kept.filter((other) => !isMerePreview(other.event));
    }
    const bytes = this.#kept.reduce((sum, other) => sum + imageBytes(other.event), 0);
    const hasRoom = this.#kept.length < this.#most && bytes + imageBytes(event) <= this.#mostBytes;
    if (hasRoom) this.#kept.push({ owner, event });
    else this.#hasLost = true;
  }

  /** Those of one prompt, in their order. */
  of(owner: string): ServerEvent[] {
    return this.#kept.filter((stray) => stray.owner === owner).map(({ event }) => event);
  }

  /** Forgets all. */
  clear(): void {
    this.#kept = [];
    this.#hasLost = false;
  }
}

function isMerePreview(event: ServerEvent): boolean {
  return event.type === "preview" && event.mimeType !== "image/png";
}

function imageBytes(event: ServerEvent): number {
  return event.type === "preview" ? event.image.length : 0;
}

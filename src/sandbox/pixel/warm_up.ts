/**
 * Makes an example pixel art again and again while the first such job waits for its image. Until code has
 * run for some time it is not compiled, and the image would take thrice as long.
 */

import { decodePng, encodeIndexedPng, encodePng } from "../../images/mod.ts";
import { pixelize } from "../../pixels/mod.ts";

/** Times that the example is made: further ones gain nothing. */
const ROUNDS = 8;

/** Pixels a side of the example: the first time takes 40 ms, which whatever else goes on has to wait. */
const SIDE = 128;

/** Pixels a cell, how far the grid bends and how many levels noise has: no step may be left out. */
const [PITCH, BEND, NOISE] = [6.4, 1, 12];

/** Colours of the example. */
const COLORS = 24;

/** How often the example has been made in this isolate. */
let rounds = 0;

/** The making of the example, a round at a time, so that others get their turn. Disposing of it ends it. */
export class WarmUp implements Disposable {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #example: Promise<Uint8Array> | undefined;
  readonly #end = Promise.withResolvers<void>();

  /** Resolves when it has ended, whether by itself or not. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Begins it, unless it has begun or need not be. */
  begin(): void {
    if (rounds >= ROUNDS) this[Symbol.dispose]();
    if (this.#example !== undefined || this.#isOver) return;
    // When a buffer with two views first changes hands, as one does when an image is fetched, V8 throws away
    // all code that it has compiled for bytes.
    new Uint8Array(2).subarray(1).buffer.transfer();
    this.#example = encodePng(drawExample());
    this.#goOn();
  }

  #goOn(): void {
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#round());
  }

  async #round(): Promise<void> {
    const bytes = await this.#example;
    if (this.#isOver || bytes === undefined) return;
    rounds += 1;
    await encodeIndexedPng(pixelize(decodePng(bytes)).image);
    if (rounds < ROUNDS) this.#goOn();
    else this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#end.resolve();
  }
}

/** Cells of a few colours with noise, on a grid that bends. */
function drawExample() {
  const data = new Uint8Array(SIDE * SIDE * 3);
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  const colors = Uint8Array.from({ length: COLORS * 3 }, () => random() * 255);
  for (let y = 0, at = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, at += 3) {
      const bend = BEND * (Math.sin(x / 60) + Math.cos(y / 50));
      const [u, v] = [x + bend, y - bend].map((place) => Math.floor(place / PITCH)) as [
        number,
        number,
      ];
      const color = Math.abs(7 * u + 13 * v + ((u * v) % 5)) % COLORS;
      for (let c = 0; c < 3; c++) {
        const level = colors[color * 3 + c]! + NOISE * (random() - 0.5);
        data[at + c] = Math.max(0, Math.min(255, level));
      }
    }
  }
  return { width: SIDE, height: SIDE, channels: 3 as const, data };
}

/** Readers of what comes from outside, each under bad input of its own kind. */

import assert from "node:assert/strict";
import { PixelsError } from "../../src/errors.ts";
import type { Random } from "../simulation/world/random.ts";
import { COMFYUI_READERS } from "./readers_comfyui.ts";
import { IMAGE_READERS } from "./readers_images.ts";
import { TEXT_READERS } from "./readers_texts.ts";

/** Gives a reader one bad input: it may refuse in our words, and nothing else. */
export type Attack = (random: Random) => unknown;

/** A reader. */
export interface Reader {
  readonly what: string;
  /** How many inputs a short run gives it: as many as it reads in about half a second. */
  readonly share: number;
  /** Makes what it reads, in a directory of its own. */
  readonly open: (dir: string) => Promise<Attack> | Attack;
}

/** All of them. */
export const READERS: readonly Reader[] = [...COMFYUI_READERS, ...TEXT_READERS, ...IMAGE_READERS];

/** How a reader took it. */
export interface Stand {
  readonly inputs: number;
  readonly refused: number;
  readonly slowestMs: number;
}

/** Attacks a reader. */
export async function attackReader(
  attack: Attack,
  random: Random,
  inputs: number,
): Promise<Stand> {
  let [refused, slowestMs] = [0, 0];
  for (let input = 0; input < inputs; input++) {
    const began = performance.now();
    try {
      await attack(random);
    } catch (error) {
      const told = (error as Error)?.stack ?? String(error);
      assert.ok(error instanceof PixelsError, `input ${input}: ${told}`);
      refused += 1;
    }
    slowestMs = Math.max(slowestMs, performance.now() - began);
  }
  return { inputs, refused, slowestMs };
}

/** The named cycles: what a figure does, in words that image models know. Pure. */

import type { GenerateRequest } from "../../protocol/messages.ts";

/** A cycle that a request can name. */
export type CycleName = NonNullable<GenerateRequest["cycle"]>;

/** What happens in a cycle. */
export interface Cycle {
  /** The whole of it, for a prompt of many poses or of a video. */
  readonly motion: string;
  /** Its poses in order. */
  readonly poses: readonly [string, ...string[]];
  /** Whether its last pose leads to its first. */
  readonly loops: boolean;
}

/** Every cycle. Their order is that of the documents. */
export const CYCLES: Readonly<Record<CycleName, Cycle>> = {
  idle: {
    motion: "idle animation, standing and breathing calmly",
    poses: ["standing at rest", "breathing in", "chest raised", "breathing out"],
    loops: true,
  },
  walk: {
    motion: "walk cycle, walking in place, side view",
    poses: [
      "right foot in front",
      "weight on the right foot",
      "left leg passing",
      "up on the right toes",
      "left foot in front",
      "weight on the left foot",
      "right leg passing",
      "up on the left toes",
    ],
    loops: true,
  },
  run: {
    motion: "run cycle, running in place, side view",
    poses: [
      "right foot landing",
      "knees bent",
      "pushing off",
      "both feet in the air",
      "left foot landing",
      "knees bent",
      "pushing off",
      "both feet in the air",
    ],
    loops: true,
  },
  attack: {
    motion: "attack animation, one strike forward, side view",
    poses: ["ready", "drawing back", "striking", "fully stretched", "recovering", "ready again"],
    loops: false,
  },
  jump: {
    motion: "jump animation, one jump on the spot, side view",
    poses: ["crouching", "taking off", "rising", "at the highest point", "falling", "landing"],
    loops: false,
  },
  hurt: {
    motion: "hurt animation, hit and thrown back, side view",
    poses: ["hit", "bent backwards", "stumbling", "catching itself"],
    loops: false,
  },
  death: {
    motion: "death animation, collapsing to the ground, side view",
    poses: ["hit", "falling to the knees", "sinking", "falling over", "lying", "lying still"],
    loops: false,
  },
  cast: {
    motion: "spell casting animation, raising both arms, side view",
    poses: [
      "ready",
      "raising the arms",
      "gathering light",
      "releasing the spell",
      "lowering the arms",
    ],
    loops: false,
  },
};

/** One phrase for each frame: some are left out or repeated where the numbers differ. */
export function posesFor({ poses }: Cycle, frames: number): string[] {
  return Array.from(
    { length: frames },
    (_, frame) => poses[Math.floor((frame * poses.length) / frames)] ?? poses[0],
  );
}

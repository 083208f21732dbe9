/** Calls that clients have made: each settles in good time, whatever gets lost. */

import type { Process, World } from "../world/world.ts";

/** Longest time of a call in milliseconds: four tries of 5 s, twice where one asks for two things. */
const MOST_MS = 60_000;

interface OpenCall {
  readonly process: Process;
  readonly what: string;
}

/** What is under way. */
export class OpenCalls {
  readonly #world: World;
  readonly #open = new Set<OpenCall>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Watches a call of the process. A job may go on for as long as it likes. */
  async watch<T>(
    process: Process,
    what: string,
    call: Promise<T>,
    mostMs = MOST_MS,
  ): Promise<T> {
    const open = { process, what };
    const begunMs = this.#world.nowMs;
    this.#open.add(open);
    try {
      return await call;
    } finally {
      this.#open.delete(open);
      const tookMs = this.#world.nowMs - begunMs;
      if (process.isAlive && tookMs > mostMs) {
        this.#world.fail(`${process.name}: ${what} took ${Math.round(tookMs / 1_000)} s`);
      }
    }
  }

  /** True if nothing is under way in a process that lives. */
  get isEmpty(): boolean {
    return ![...this.#open].some(({ process }) => process.isAlive);
  }

  /** Fails if calls of a process are under way that should have come to an end. */
  expectNone(process: Process, when: string): void {
    if (!process.isAlive) return;
    for (const { what } of [...this.#open].filter((open) => open.process === process)) {
      this.#world.fail(`${process.name}: ${what} never settles ${when}`);
    }
  }
}

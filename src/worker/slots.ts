/** The servers that a scheduler has, and those that are about to leave. */

import type { ClaimAllOptions, HeldServer, Job } from "../queue/mod.ts";
import type { Elsewhere } from "./elsewhere.ts";
import type { Place } from "./placement.ts";
import type { Slot } from "./slot.ts";

/** A changing set of servers. */
export class Slots {
  #all: readonly Slot[];
  #isDrained = false;
  /** Those that get no more jobs, each with what is to happen when its last one has ended. */
  readonly #leaving = new Map<Slot, () => void>();

  /** Begins with some. */
  constructor(slots: readonly Slot[]) {
    this.#all = slots;
  }

  /** All that are not about to leave. */
  get all(): readonly Slot[] {
    return this.#all;
  }

  /** Jobs that all of them were handed. */
  get active(): number {
    return [...this.#all, ...this.#leaving.keys()].reduce((sum, { active }) => sum + active, 0);
  }

  /** A server by its name, also one that is leaving. */
  of(server: string): Slot | undefined {
    return [...this.#all, ...this.#leaving.keys()].find(({ name }) => name === server);
  }

  /** Whether none of them gets new jobs, those to come included. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  set isDrained(isDrained: boolean) {
    this.#isDrained = isDrained;
    for (const slot of this.#all) slot.isWorkerDrained = isDrained;
  }

  /** One more. */
  add(slot: Slot): void {
    slot.isWorkerDrained = this.#isDrained;
    this.#all = [...this.#all, slot];
  }

  /** Takes one out; the promise resolves when what it was handed has ended. */
  leave(server: string): Promise<void> | undefined {
    const slot = this.#all.find(({ name }) => name === server);
    if (slot === undefined) return undefined;
    slot.isDrained = true;
    this.#all = this.#all.filter((other) => other !== slot);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving.set(slot, resolve);
    this.letGo(slot);
    return promise;
  }

  /** Lets one go that is leaving, if it has nothing more to do; true if so. */
  letGo(slot: Slot): boolean {
    if (slot.active > 0) return false;
    this.#leaving.get(slot)?.();
    return this.#leaving.delete(slot);
  }

  /** Those that may take a job. */
  get open(): readonly Slot[] {
    return this.#all.filter((slot) => slot.hasRoom);
  }

  /** What others may know of them. */
  held(): readonly HeldServer[] {
    return this.#all.map((slot) => slot.held);
  }

  /**
   * Expected time until a server is done with what it was handed before a job, in milliseconds. One that was handed to
   * none goes to the first that is done.
   */
  waitBeforeMs(jobId: string): number {
    for (const slot of this.#all) {
      const wait = slot.waitBeforeMs(jobId);
      if (wait !== undefined) return wait;
    }
    const taking = this.#all.filter(({ isDraining }) => !isDraining);
    return Math.min(...(taking.length > 0 ? taking : this.#all).map((slot) => slot.waitMs));
  }

  /** Chooses the server that a job shall go to, if each gets some before; see `ClaimAllOptions`. */
  chooser(elsewhere: Elsewhere): ClaimAllOptions["place"] {
    const left = new Map<string, Set<string>>();
    const places = new Map<Slot, Place[]>();
    const placeOf = (slot: Slot, before: readonly Job[]): Place => {
      const known = places.get(slot) ?? [];
      places.set(slot, known);
      // Many are asked of in one turn, which shall not each reckon anew how long every server is busy.
      return known[before.length] ??= slot.beside(before);
    };
    return (job, holder, taken) => {
      const others = ({ name }: Slot) => taken.get(name) ?? [];
      if (holder === undefined) {
        const own = this.#all.map((slot) => placeOf(slot, others(slot)));
        return elsewhere.choose(job, own, left);
      }
      // What may live there can be looked for nowhere else.
      const slot = this.#all.find(({ name }) => name === holder);
      return slot?.hasRoomBeside(others(slot).length) === true ? holder : undefined;
    };
  }
}

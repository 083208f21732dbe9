/** Whether the updates that were heard are all that were sent. */

/** Place of an update in the stream of one life of the worker. */
export interface Place {
  /** Which life. */
  readonly epoch: number;
  /** Number of the update in it. */
  readonly seq: number;
}

/** What a number says. */
export type Verdict =
  /** It is the next one. */
  | "next"
  /** It was heard before, or what it told has been asked for. */
  | "known"
  /** Something before it is missing, or the worker has started anew. */
  | "gap";

/** Keeps account of numbers. Pure. */
export class Continuity {
  #last: Place | undefined;

  /** True once there is a place to count from. */
  get isKnown(): boolean {
    return this.#last !== undefined;
  }

  /** Takes the number of an update that was heard. */
  hear(place: Place): Verdict {
    const last = this.#last;
    if (last?.epoch === place.epoch && place.seq <= last.seq) return "known";
    this.#last = place;
    return last?.epoch === place.epoch && place.seq === last.seq + 1 ? "next" : "gap";
  }

  /** True if everything up to a place was heard or asked for. */
  covers({ epoch, seq }: Place): boolean {
    return this.#last?.epoch === epoch && this.#last.seq >= seq;
  }

  /** Counts from a place on: what was sent up to there is known, or about to be asked for. */
  skipTo(place: Place): void {
    this.#last = place;
  }
}

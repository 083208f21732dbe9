/** Randomness that a seed repeats. */

/** A stream of numbers drawn from a seed. */
export class Random {
  #state: number;

  /** Equal seeds give equal streams. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). Mulberry32: small, fast, good enough to choose misfortunes. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of some. */
  pick<T>(some: readonly [T, ...T[]]): T {
    return some[this.whole(0, some.length - 1)] ?? some[0];
  }

  /** One of a list that is not empty. */
  any<T>(some: readonly T[]): T {
    return some[this.whole(0, some.length - 1)]!;
  }

  /** Bytes as text, 32 hexadecimal digits with dashes, of the shape of a UUID. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () => Math.floor(this.next() * 2 ** 32))
      .map((word) => word.toString(16).padStart(8, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${
      hex.slice(20)
    }`;
  }
}

/** Chance that can be repeated: everything drawn follows from one seed. */

/** A source of chance. */
export interface Chance {
  /** A number in [0, limit). */
  below(limit: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  /** One of the values. */
  oneOf<T>(values: readonly [T, ...T[]]): T;
}

/** Creates a source that gives the same for the same seed (mulberry32). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => next() * limit,
    happens: (probability) => next() < probability,
    oneOf: (values) => values[Math.floor(next() * values.length)] ?? values[0],
  };
}

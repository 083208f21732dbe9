/** Things on levels, of which one on the lowest is found at the same cost however many there are. */

/** Levels told apart, a multiple of 32. */
const LEVELS = 1_024;

/** A ring of levels, beginning with the lowest that may be in use; a bit for each tells of things there. */
export class Levels<T> {
  readonly #things: (Set<T> | undefined)[] = new Array(LEVELS).fill(undefined);
  readonly #bits = new Uint32Array(LEVELS / 32);
  #first = 0;
  #size = 0;

  /** How many things there are. */
  get size(): number {
    return this.#size;
  }

  /** Says that from now on nothing is put below a level, so that more above can be told apart. */
  rise(level: number): void {
    if (this.#size === 0) this.#first = level;
    else if (level > this.#first) this.#first = Math.min(level, this.#lowest());
  }

  /**
   * Puts a thing on a level, behind those that are there. One out of reach becomes the nearest within.
   *
   * @returns where it lies, for {@linkcode remove}.
   */
  put(thing: T, level: number): number {
    const place = Math.min(Math.max(level, this.#first), this.#first + LEVELS - 1) & (LEVELS - 1);
    (this.#things[place] ??= new Set()).add(thing);
    this.#bits[place >>> 5]! |= 1 << (place & 31);
    this.#size += 1;
    return place;
  }

  /** Takes a thing away from where it lies. */
  remove(thing: T, place: number): void {
    const things = this.#things[place];
    if (things === undefined || !things.delete(thing)) return;
    this.#size -= 1;
    if (things.size === 0) this.#bits[place >>> 5]! &= ~(1 << (place & 31));
  }

  /** The thing that lies on the lowest level, of several the one that came first. */
  peek(): T | undefined {
    if (this.#size === 0) return undefined;
    return this.#things[this.#lowest() & (LEVELS - 1)]!.values().next().value;
  }

  /** There must be one. */
  #lowest(): number {
    const start = this.#first & (LEVELS - 1);
    let word = start >>> 5;
    // The word in which the ring begins comes first without its front, and last with its front alone.
    let bits = this.#bits[word]! & (-1 << (start & 31));
    while (bits === 0) {
      word = (word + 1) % this.#bits.length;
      bits = this.#bits[word]!;
    }
    const place = word * 32 + 31 - Math.clz32(bits & -bits);
    return this.#first + ((place - start) & (LEVELS - 1));
  }
}

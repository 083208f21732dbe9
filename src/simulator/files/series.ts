/**
 * Series of numbered files: names of one stem, an underscore and a number. Who saves an image asks
 * for the highest number that is there, at each image and beside thousands of files.
 *
 * @module
 */

/**
 * The number that a name has in the series of a stem; 0 for one of that stem without a number.
 * `undefined` for a name of another stem.
 */
export function numberIn(stem: string, name: string): number | undefined {
  if (name[stem.length] !== "_" || !name.startsWith(stem)) return undefined;
  return numberAfter(name, stem.length);
}

/** Highest numbers of all series, kept up to date as files come and go. */
export class SeriesIndex {
  readonly #series = new Map<string, { highest: number; files: number }>();

  /** The highest number in a folder; `undefined` while it has no name of this stem. */
  highest(folder: string, stem: string): number | undefined {
    return this.#series.get(keyOf(folder, stem))?.highest;
  }

  /** A file came. */
  add(path: string): void {
    for (const [key, number] of membershipsOf(path)) {
      const series = this.#series.get(key);
      if (series === undefined) this.#series.set(key, { highest: number, files: 1 });
      else {
        series.highest = Math.max(series.highest, number);
        series.files += 1;
      }
    }
  }

  /** A file went. Only where it had the highest number the others are looked at. */
  remove(path: string, others: () => Iterable<string>): void {
    for (const [key, number] of membershipsOf(path)) {
      const series = this.#series.get(key);
      if (series === undefined) continue;
      series.files -= 1;
      if (series.files === 0) this.#series.delete(key);
      else if (series.highest === number) series.highest = highestOf(key, others());
    }
  }

  /** All files went. */
  clear(): void {
    this.#series.clear();
  }
}

function highestOf(key: string, paths: Iterable<string>): number {
  let highest = -Infinity;
  for (const path of paths) {
    for (const [other, number] of membershipsOf(path)) {
      if (other === key) highest = Math.max(highest, number);
    }
  }
  return highest;
}

/** Each underscore may be where a stem ends, in the file's name and in those of the folders above. */
function* membershipsOf(path: string): Generator<[key: string, number: number]> {
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    const folder = path.slice(0, Math.max(0, start - 1));
    const name = path.slice(start, end);
    for (let at = name.indexOf("_"); at >= 0; at = name.indexOf("_", at + 1)) {
      yield [keyOf(folder, name.slice(0, at)), numberAfter(name, at)];
    }
    start = end + 1;
  }
}

function numberAfter(name: string, underscore: number): number {
  const digits = name.slice(underscore + 1).split("_")[0] ?? "";
  return /^\s*[+-]?\d+\s*$/.test(digits) ? Number(digits) : 0;
}

/** A slash ends no stem, so nothing else has this key. */
function keyOf(folder: string, stem: string): string {
  return `${folder}/${stem}`;
}

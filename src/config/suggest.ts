/** Finds the setting that an unknown key was meant to be. */

/** Longer names are no typing errors, and comparing them would only take time. */
const MAX_NAME_CHARS = 64;

/** Ends the sentence about an unknown key of a section, or of the file's top (`section` undefined). */
export function suggest(
  section: string | undefined,
  key: string,
  knownPaths: readonly string[],
): string {
  if (section === undefined && knownPaths.includes(key)) {
    const [place, name] = splitPath(key);
    return `; write ${name} on a line of its own below ${place}`;
  }
  const sameKey = knownPaths.find((path) => splitPath(path)[1] === key);
  const found = sameKey ?? nearest(section, key, knownPaths);
  if (found !== undefined) return `; did you mean ${found}?`;
  const choices = section === undefined
    ? sectionsOf(knownPaths)
    : knownPaths.filter((path) => splitPath(path)[0] === section);
  return `; the known ones are ${choices.join(", ")}`;
}

/** The sections of the file, in the order of the table. */
export function sectionsOf(knownPaths: readonly string[]): readonly string[] {
  return [...new Set(knownPaths.map((path) => splitPath(path)[0]))];
}

function nearest(
  section: string | undefined,
  key: string,
  knownPaths: readonly string[],
): string | undefined {
  if (section === undefined) {
    const similar = mostSimilar(key, sectionsOf(knownPaths), (name) => name);
    if (similar !== undefined) return similar;
  }
  const own = knownPaths.filter((path) => splitPath(path)[0] === section);
  const keyOf = (path: string) => splitPath(path)[1];
  return mostSimilar(key, own, keyOf) ?? mostSimilar(key, knownPaths, keyOf);
}

/**
 * The candidate with the least edit distance among those that have every word of the name, as
 * `api_url` has `url`, or would have to change by no more than half.
 */
function mostSimilar(
  name: string,
  candidates: readonly string[],
  nameOf: (candidate: string) => string,
): string | undefined {
  if (name.length > MAX_NAME_CHARS) return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const other = nameOf(candidate);
    const distance = editDistance(name.toLowerCase(), other);
    const isSimilar = distance * 2 <= Math.max(name.length, other.length) || hasWords(other, name);
    if (isSimilar && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function hasWords(name: string, part: string): boolean {
  const words = name.split("_");
  return part.split("_").every((word) => words.includes(word));
}

/** Insertions, deletions and replacements between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The entries of a list of maps have the path of the list for their section. */
function splitPath(path: string): [section: string, key: string] {
  const dot = path.lastIndexOf(".");
  return [path.slice(0, dot), path.slice(dot + 1)];
}

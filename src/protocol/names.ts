/** How the names of model files are compared, and what was probably meant by one that is not there. */

/** Shortest part of a name that tells which one is meant. */
const MIN_PART = 3;

/** What a name in a request stands for. */
export type NameMatch =
  | { type: "found"; name: string }
  | { type: "several"; names: string[] }
  | { type: "none" };

const EXTENSION = /\.(?:safetensors|ckpt|pt2?|pth|bin|pkl|sft|gguf|onnx)$/;

/** Most letters to change: long names would take long to compare, and be no typing errors. */
const MAX_EDITS = 12;

/**
 * Finds the model file that a name means: the one of exactly this name; else the one that differs only
 * in case and separators, which depend on the server's system; else the one that has an extension besides.
 */
export function matchModelName(wanted: string, names: readonly string[]): NameMatch {
  if (names.includes(wanted)) return { type: "found", name: wanted };
  const sameFile = names.filter((name) => foldName(name) === foldName(wanted));
  const matching = sameFile.length > 0
    ? sameFile
    : names.filter((name) => withoutExtension(foldName(name)) === foldName(wanted));
  const [name, ...others] = matching;
  if (name === undefined) return { type: "none" };
  return others.length === 0 ? { type: "found", name } : { type: "several", names: matching };
}

/** What two names have in common that may mean the same file. */
export function modelNameKey(name: string): string {
  return withoutExtension(foldName(name));
}

/**
 * The candidates most like the name, best first: those that a few letters make the same, then those that
 * it is a part of. None that is too far off to be meant.
 */
export function nearestNames(name: string, candidates: readonly string[], most = 3): string[] {
  const wanted = modelNameKey(name);
  const limit = Math.min(MAX_EDITS, Math.max(2, Math.floor(wanted.length / 3))) + 1;
  const part = lettersOf(wanted);
  const distanceTo = (candidate: string): number => {
    const distance = editDistance(wanted, modelNameKey(candidate), limit);
    const isPart = part.length >= MIN_PART && lettersOf(modelNameKey(candidate)).includes(part);
    return isPart ? Math.min(distance, limit - 0.5) : distance;
  };
  return candidates
    .map((candidate) => ({ candidate, distance: distanceTo(candidate) }))
    .filter(({ distance }) => distance < limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

function lettersOf(key: string): string {
  return key.replace(/[^\p{L}\p{N}]/gu, "");
}

function foldName(name: string): string {
  return name.toLowerCase().replaceAll("\\", "/");
}

function withoutExtension(name: string): string {
  return name.replace(EXTENSION, "");
}

/** Levenshtein distance, or `limit` as soon as it cannot be less. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, at(row, j) + 1, at(next, j - 1) + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

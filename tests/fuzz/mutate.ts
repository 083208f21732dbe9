/** Makes bad input of good: bytes that were damaged, values that do not belong. */

import type { Random } from "../simulation/world/random.ts";

/** Bytes after an accident, or up to eight: what has only one wrong thing is read deepest. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(bytes);
  for (let accident = times(random, 8); accident > 0; accident--) {
    out = ACCIDENTS[random.whole(0, ACCIDENTS.length - 1)]!(random, out);
  }
  return out;
}

/** A text after accidents to its bytes. */
export function mutateText(random: Random, text: string): string {
  return new TextDecoder().decode(mutateBytes(random, new TextEncoder().encode(text)));
}

/** Now and then nothing is wrong at all, which shows that it was good. */
function times(random: Random, most: number): number {
  if (random.chance(0.05)) return 0;
  return random.chance(0.5) ? 1 : random.whole(1, most);
}

type Accident = (random: Random, bytes: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Numbers at which programs break. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

const ACCIDENTS: readonly Accident[] = [
  (random, bytes) =>
    changed(bytes, (copy) => {
      copy[at(random, copy)]! ^= 1 << random.whole(0, 7);
    }),
  (random, bytes) => changed(bytes, (copy) => void (copy[at(random, copy)] = random.whole(0, 255))),
  (random, bytes) =>
    changed(bytes, (copy) => {
      if (copy.length < 4) return;
      const view = new DataView(copy.buffer);
      view.setUint32(random.whole(0, copy.length - 4), EDGES[random.whole(0, EDGES.length - 1)]!);
    }),
  (random, bytes) => new Uint8Array(bytes.subarray(0, at(random, bytes))),
  (random, bytes) => {
    const from = at(random, bytes);
    return joined(bytes.subarray(0, from), bytes.subarray(from + random.whole(1, 40)));
  },
  (random, bytes) => {
    const [from, to] = [at(random, bytes), at(random, bytes)];
    return joined(bytes.subarray(0, to), bytes.subarray(from, from + 64), bytes.subarray(to));
  },
  (random, bytes) => {
    const to = at(random, bytes);
    const noise = Uint8Array.from({ length: random.whole(1, 16) }, () => random.whole(0, 255));
    return joined(bytes.subarray(0, to), noise, bytes.subarray(to));
  },
];

function at(random: Random, bytes: Uint8Array): number {
  return random.whole(0, Math.max(0, bytes.length - 1));
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  if (copy.length > 0) change(copy);
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    out.set(part, to);
    to += part.length;
  }
  return out;
}

/** Values that nobody expects, anywhere. */
export const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  0.1,
  "",
  "\u0000",
  "../../etc/passwd",
  "\ud800",
  "a".repeat(5_000),
  "__proto__",
  [],
  {},
  [[[[[[]]]]]],
  ["1", 0],
  ["__proto__", -1],
  { __proto__: null, constructor: 1, toString: 2 },
];

/** A value with one to four places put wrong. */
export function mutateValue(random: Random, value: unknown): unknown {
  let out = structuredClone(value);
  for (let left = times(random, 4); left > 0; left--) out = spoil(random, out);
  return out;
}

function spoil(random: Random, value: unknown): unknown {
  const isBranch = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isBranch || random.chance(0.15)) {
    return structuredClone(STRANGE[random.whole(0, STRANGE.length - 1)]);
  }
  const branch = value as Record<string, unknown>;
  const keys = Object.keys(branch);
  const key = keys[random.whole(0, keys.length - 1)]!;
  const choice = random.next();
  if (choice < 0.1) {
    if (Array.isArray(value)) value.splice(Number(key), 1);
    else delete branch[key];
  } else if (choice < 0.2 && !Array.isArray(value)) {
    branch[["__proto__", "constructor", "", "id"][random.whole(0, 3)]!] = branch[key];
  } else branch[key] = spoil(random, branch[key]);
  return value;
}

/** A peer that lies: what it says is well-formed and wrong, or not even that. */

import { presentWorld } from "./world.ts";

/** What stands in the place of a value. */
const WRONG: readonly [unknown, ...unknown[]] = [
  null,
  ...[true, -1, 0, 1.5, 1e308, 2 ** 53, "", "x", "../../x", [], {}],
  ...[["x"], { x: 1 }, "00000000-0000-4000-8000-000000000000"],
];

/** A text with one value of its JSON replaced, taken away or doubled, or with its end cut off. */
export function lieInText(text: string): string {
  const { random } = presentWorld();
  presentWorld().count("lie");
  if (random.chance(0.1)) return text.slice(0, random.whole(0, text.length));
  try {
    const root: { value: unknown } = { value: JSON.parse(text) };
    twist(root);
    return JSON.stringify(root.value);
  } catch {
    return "x";
  }
}

/** Bytes with their end cut off or one of them changed. */
export function lieInBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { random } = presentWorld();
  presentWorld().count("lie");
  if (bytes.length === 0 || random.chance(0.5)) {
    return bytes.slice(0, random.whole(0, bytes.length));
  }
  const wrong = bytes.slice();
  wrong[random.whole(0, Math.min(31, wrong.length - 1))] = random.whole(0, 255);
  return wrong;
}

/** Goes down to a random place. */
function twist(holder: object): void {
  const { random } = presentWorld();
  const some = holder as Record<string, unknown>;
  const [first, ...others] = Object.keys(holder);
  if (first === undefined) return;
  const key = random.pick([first, ...others]);
  const value = some[key];
  const goesOn = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (goesOn && random.chance(0.8)) return twist(value);
  const way = random.pick(["other", "other", "none", "twice"]);
  if (way === "none") delete some[key];
  else if (way === "twice" && Array.isArray(holder)) holder.push(value);
  else some[key] = random.pick(WRONG);
}

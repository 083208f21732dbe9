/** What is added to the words of a request: a workflow's own, and those that LoRAs wait for. Pure. */

/** What a workflow's map file adds to every prompt. */
export interface Affixes {
  /** Goes before it. @default {""} */
  readonly prefix: string;
  /** Goes behind it. @default {""} */
  readonly suffix: string;
}

/** Nothing is added. */
export const NO_AFFIXES: Affixes = { prefix: "", suffix: "" };

/** Words that LoRAs wait for, each as `lora=words`; folder and extension of the file may be left out. */
export type TriggerWords = readonly string[];

/** Puts the parts of a prompt together, with a comma where neither side brings a separator. */
export function joinWords(parts: readonly string[]): string {
  return parts.filter((part) => part.trim() !== "").reduce((left, right) => {
    const isApart = left === "" || /[\s,.;:([]$/.test(left) || /^[\s,.;:)\]]/.test(right);
    return left + (isApart ? "" : ", ") + right;
  }, "");
}

/** The trigger words of some LoRAs that a text does not hold yet. */
export function missingTriggers(
  text: string,
  loras: readonly string[],
  triggers: TriggerWords,
): string[] {
  const keys = new Set(loras.map(loraKey));
  const wanted = triggers.map((entry) => {
    const at = entry.indexOf("=");
    return { key: loraKey(entry.slice(0, at)), words: entry.slice(at + 1).trim() };
  }).filter(({ key }) => keys.has(key)).map(({ words }) => words);
  const missing: string[] = [];
  for (const words of wanted) {
    if (![text, ...missing].some((one) => holds(one, words))) missing.push(words);
  }
  return missing;
}

/** Whether a text has some words as words: "art" is not in "party". */
function holds(text: string, words: string): boolean {
  const apart = new RegExp(`(?<![\\p{L}\\p{N}])${RegExp.escape(words)}(?![\\p{L}\\p{N}])`, "iu");
  return apart.test(text);
}

/** What `Sub\\Pixel.safetensors` and `pixel` have in common. */
function loraKey(name: string): string {
  return name.trim().toLowerCase().replace(/^.*[/\\]/, "").replace(
    /\.(?:safetensors|sft|pt|ckpt|bin)$/,
    "",
  );
}

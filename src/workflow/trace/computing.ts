/** Nodes that make something else of the value that they hold, told by the names of their classes. Pure. */

/** Kinds of values. */
export type Kind = "number" | "text";

/** Words in such names, by what is held. */
const WORDS: Readonly<Record<Kind, ReadonlySet<string>>> = {
  number: setOf(
    "add plus sum subtract sub minus multiply multiplier mul divide div divider modulo mod math maths",
    "calc calculate calculator calculation expression eval evaluate operation operator formula",
    "round rounding floor ceil ceiling clamp truncate snap nearest negate neg invert inverse reverse",
    "double half halve triple square sqrt root pow exponent abs absolute increment decrement step",
    "counter random rand rng range scale scaler ratio percent percentage convert converter conversion",
    "cast hash lerp interpolate min max average mean multiple python script",
  ),
  text: setOf(
    "replace substring substr regex trim strip upper uppercase lower lowercase capitalize slice split",
    "truncate reverse translate translator translation line lines extract length find hash remove",
    "repeat expression python script llm llama ollama gpt chatgpt gemini claude openai chat caption",
    "captioner tagger interrogate interrogator enhance enhancer rewrite expand expander load file csv",
    "json read",
  ),
};

/** Classes that convert, such as `FloatToInt`. */
const CONVERTS = /\b(?:to|2) (?:int|integer|float|number|string|text|bool|boolean)\b/;

/** Words that say nothing against a holder of seeds: drawing numbers is what seeds are for. */
const OF_SEEDS = setOf("random rand rng step increment decrement counter");

/**
 * Whether a value would not come out of a node as it was written in.
 *
 * @param isSeed True if the value is a seed.
 */
export function computes(nodeClass: string, kind: Kind, isSeed: boolean): boolean {
  const words = nodeClass.replace(/([a-z])(?=[A-Z0-9])|([A-Z0-9])(?=[A-Z][a-z])/g, "$1$2 ")
    .toLowerCase().split(/[^a-z0-9]+/);
  if (kind === "number" && CONVERTS.test(words.join(" "))) return true;
  return words.some((word) => WORDS[kind].has(word) && !(isSeed && OF_SEEDS.has(word)));
}

function setOf(...lists: string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => list.split(" ")));
}

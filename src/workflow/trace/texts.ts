/** Which texts a prompt is made of. Pure. */

import { isLink } from "../graph.ts";
import type { Target } from "../parameters.ts";
import { computes } from "./computing.ts";
import type { Links } from "./links.ts";

/** A literal text on the way to an encoder. */
export interface TextPlace extends Target {
  /** True if other texts go into the same prompt, or something is made of this one. */
  readonly isPart: boolean;
}

/** Inputs of encoders that hold a prompt. */
const TEXTS: ReadonlySet<string> = new Set([
  "text",
  "text_g",
  "text_l",
  "clip_l",
  "clip_g",
  "t5xxl",
  "llama",
  "bert",
  "mt5xl",
  "prompt",
  "user_prompt",
  "wildcard_text",
  "populated_text",
]);

/** Texts of nodes that say how to work rather than what to show. */
const NO_PROSE =
  /delim|separator|regex|pattern|^(?:find|replace|mode|op|operation|format|model|from|to|styles?|preset|language)$|encoding|file|path|_name$|select|^log_|^system/i;

/** What a node that writes texts reads besides texts: a model, or an image to describe. */
const NO_WAY_OF_TEXTS = /^(?:clip|model|vae|image|images|pixels|latent|samples|mask)\d*$/i;

/** Names of texts that describe an image, as other nodes than encoders have them. */
const PROSE = /text|prompt|string|(?:^|_)str(?:_|$)|value|positive|negative|wildcard/i;

/** True for the name of an encoder's input that holds a prompt. */
export function isText(input: string): boolean {
  return TEXTS.has(input);
}

/** Every literal text that an input is made of. */
export function textsOf(links: Links, node: string, input: string): TextPlace[] {
  return collect(links, { node, input }, false, new Set());
}

function collect(links: Links, at: Target, isPart: boolean, seen: Set<string>): TextPlace[] {
  const value = links.inputs(at.node)[at.input];
  if (typeof value === "string") return [{ ...at, isPart }];
  if (!isLink(value) || seen.has(value[0])) return [];
  const [source] = value;
  seen.add(source);
  const relayed = links.relayed(source);
  if (relayed !== undefined) return collect(links, { node: source, input: relayed }, isPart, seen);
  const linked = links.linksOf(source);
  const own = proseOf(links, source);
  if (linked.length === 0) {
    const texts = own.length > 0 ? own : plainTexts(links, source);
    const places = texts.map((name) => ({ node: source, input: name }));
    const isChanged = computes(links.node(source).class_type, "text", false);
    const isOne = (texts.length === 1 && !isChanged) || isWildcard(places);
    return texts.map((name) => ({ node: source, input: name, isPart: isPart || !isOne }));
  }
  // Whatever has links and texts joins, selects or changes them.
  const texts = linked.filter(([name]) => !NO_WAY_OF_TEXTS.test(name));
  const kept = own.filter((name) => links.inputs(source)[name] !== "");
  return [
    ...kept.map((name) => ({ node: source, input: name, isPart: true })),
    ...texts.flatMap(([name]) => collect(links, { node: source, input: name }, true, seen)),
  ];
}

function proseOf(links: Links, node: string): string[] {
  return anyTexts(links, node).filter((input) => PROSE.test(input) && !NO_PROSE.test(input));
}

/** Of a node without prose: what is no setting. */
function plainTexts(links: Links, node: string): string[] {
  return anyTexts(links, node).filter((input) => !NO_PROSE.test(input));
}

function anyTexts(links: Links, node: string): string[] {
  return Object.entries(links.inputs(node))
    .filter(([, value]) => typeof value === "string")
    .map(([input]) => input);
}

/** A processor of wildcards shows what it made of its text in a second one; both mean the same. */
export function isWildcard(places: readonly Target[]): boolean {
  const inputs = places.map(({ input }) => input).sort().join();
  return inputs === "populated_text,wildcard_text";
}

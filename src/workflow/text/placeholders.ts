/** The words of a request in the texts of a workflow. Pure. */

import type { Graph } from "../graph.ts";
import type { Target } from "../parameters.ts";

/** What a text may hold in braces. */
export type Placeholder = "prompt" | "negative_prompt" | "frames" | "columns" | "rows";

/** What goes there. */
export type Words = Readonly<Record<Placeholder, string>>;

const PLACEHOLDER = /\{(prompt|negative_prompt|frames|columns|rows)\}/g;

/** One with what goes with it where there are no words. */
const WITH_COMMAS = new RegExp(`([\\s,]*)${PLACEHOLDER.source}([\\s,]*)`, "g");

/** Inputs whose text is no description of an image. */
const NO_PROSE = /file|path|folder|_name$|^format$/;

/** Whether a text holds a placeholder, or this one. */
export function hasPlaceholder(text: unknown, name?: Placeholder): text is string {
  if (typeof text !== "string") return false;
  if (name !== undefined) return text.includes(`{${name}}`);
  return text.search(PLACEHOLDER) >= 0;
}

/**
 * Puts words in place of the placeholders, in one go: braces in the words themselves stay. Where there
 * are no words, the comma goes, too.
 */
export function fillText(text: string, words: Words): string {
  return text.replace(
    WITH_COMMAS,
    (match, before: string, name: Placeholder, after: string, at: number) => {
      const value = words[name];
      if (value !== "") return before + value + after;
      if (at === 0 || at + match.length === text.length) return "";
      return before.includes(",") ? before : after;
    },
  );
}

/** Every text of a graph with placeholders of this kind. */
export function placeholdersOf(graph: Graph, name?: Placeholder): Target[] {
  return Object.entries(graph).flatMap(([node, { inputs }]) =>
    Object.entries(inputs)
      .filter(([input, value]) => !NO_PROSE.test(input) && hasPlaceholder(value, name))
      .filter(() => !formatsItself(inputs))
      .map(([input]) => ({ node, input }))
  );
}

/** Braces in the text of a formatting node may be its own: `values.prompt` is what goes there. */
function formatsItself(inputs: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(inputs).some((input) =>
    /\.(?:prompt|negative_prompt|frames|columns|rows)$/.test(input)
  );
}

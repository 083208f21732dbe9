/** Titles of nodes, for what the links of a graph leave open. Pure. */

import type { Graph } from "../graph.ts";
import type { Target } from "../parameters.ts";

/** The two prompts. */
export type Prompt = "prompt" | "negative_prompt";

/** Titles that name a prompt, the surest first. */
const TITLES: Readonly<Record<Prompt, readonly RegExp[]>> = {
  prompt: [/\bpositive\b/i, /\bprompt\b/i, /\bsubject\b/i],
  negative_prompt: [/\bnegative\b/i],
};

/** Titles of texts that stay, whatever else they say. */
const STAYS = /\b(?:style|quality|prefix|suffix|fixed|trigger|lora)\b/i;

/** The editor's own title of every encoder. */
const UNTITLED = /^CLIP Text Encode \(Prompt\)$/i;

/** The places whose node's title says that they are the prompt; undefined unless that is one node. */
export function byTitle(
  graph: Graph,
  parameter: Prompt,
  places: readonly Target[],
): readonly Target[] | undefined {
  for (const title of TITLES[parameter]) {
    const named = places.filter(({ node }) => {
      const text = graph[node]?._meta?.title ?? "";
      const isOther = parameter === "prompt" && /\bnegative\b/i.test(text);
      return title.test(text) && !UNTITLED.test(text) && !isOther;
    });
    for (const some of [named, named.filter(({ node }) => !stays(graph, node))]) {
      if (new Set(some.map(({ node }) => node)).size === 1) return some;
    }
  }
  return undefined;
}

function stays(graph: Graph, node: string): boolean {
  return STAYS.test(graph[node]?._meta?.title ?? "");
}

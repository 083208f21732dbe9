/** What to write into a map file, word by word. Pure. */

import { type Graph, isLink, nodeLabel } from "../graph.ts";
import type { Ambiguity, Parameter, Target, Trace } from "../parameters.ts";

/** Most places that a sentence lists. */
const MAX_PLACES = 4;

/** Values that a parameter may well stand for, by what they look like. */
const LOOKS_LIKE: Partial<Record<Parameter, (input: string, value: unknown) => boolean>> = {
  prompt: (input, value) =>
    typeof value === "string" && /text|prompt|string|value|positive/i.test(input),
  model: (input, value) =>
    typeof value === "string" && /(?:ckpt|unet|model|checkpoint).*name|\bckpt\b/i.test(input),
  seed: (input, value) =>
    (typeof value === "number" || typeof value === "bigint") && /seed/i.test(input),
};

/** The line of a map file that sends a parameter to some places. */
export function mappingLine(parameter: Parameter, places: readonly Target[]): string {
  const list = places.map(({ node, input }) =>
    `{ "node": ${JSON.stringify(node)}, "input": ${JSON.stringify(input)} }`
  );
  return `{ "${parameter}": [${list.join(", ")}] }`;
}

/** Why a graph cannot be used whose prompt is made of several texts, and what helps. */
export function ambiguityText(graph: Graph, source: string, ambiguity: Ambiguity): string {
  const { parameter, places } = ambiguity;
  const shown = places.slice(0, MAX_PLACES);
  const names = shown.map(({ node, input }) => `${input} of ${nodeLabel(graph, node)}`);
  const lines = shown.map((place) => mappingLine(parameter, [place]));
  const title = parameter === "prompt" ? "Positive" : "Negative";
  return `its ${title.toLowerCase()} prompt is made of ${names.join(" and ")}, and nothing says ` +
    `where the words of a request go; write {${parameter}} there, title that node "${title}", ` +
    `or make the file ${source}.map.json beside it with ${lines.join(" or ")}`;
}

/**
 * What every request names and a template neither takes nor ignores, a sentence; it would refuse them all.
 *
 * @returns undefined if there is no such thing.
 */
export function refusesAll(
  { name, trace, ignored }: {
    name: string;
    trace: Pick<Trace, "targets">;
    ignored: ReadonlySet<Parameter>;
  },
): string | undefined {
  const missing = (["width", "height", "steps", "cfg_scale"] as const).filter((parameter) =>
    trace.targets[parameter].length === 0 && !ignored.has(parameter)
  );
  if (missing.length === 0) return undefined;
  const fields = new Set(
    missing.map((field) => field === "width" || field === "height" ? "size" : field),
  );
  const list = [...fields].map((field) => JSON.stringify(field)).join(", ");
  return `no node takes the ${
    [...fields].join(" or the ")
  }, which every request has, so that all ` +
    `would be refused; say in the file ${name}.map.json where it goes, as in ` +
    `${mappingLine(missing[0]!, [{ node: "ID", input: "NAME" }])}, or that it does not matter: ` +
    `{ "ignore": [${list}] }`;
}

/** Why a graph cannot be used in which parameters have no place, and what helps. */
export function missingText(
  graph: Graph,
  source: string,
  missing: readonly Parameter[],
  { negative_prompt: negatives }: Trace["targets"],
): string {
  const others = new Set(negatives.map(({ node }) => node));
  const open = Object.fromEntries(Object.entries(graph).filter(([id]) => !others.has(id)));
  const lines = missing.map((parameter) => mappingLine(parameter, [likelyPlace(open, parameter)]));
  return `no node takes the ${
    missing.join(" or the ")
  } of a request; link a text encoder, a model ` +
    `loader and a seed to its sampler, or say where they go in the file ${source}.map.json ` +
    `beside it, such as ${lines.join(" and ")}`;
}

function likelyPlace(graph: Graph, parameter: Parameter): Target {
  for (const [node, { inputs }] of Object.entries(graph)) {
    const input = Object.keys(inputs).find((name) =>
      !isLink(inputs[name]) && LOOKS_LIKE[parameter]?.(name, inputs[name])
    );
    if (input !== undefined) return { node, input };
  }
  return { node: "ID", input: "NAME" };
}

/** Where a value stands that a link brings: in a primitive, past reroutes and switches, or nowhere. Pure. */

import { isLink, linksOf } from "../graph.ts";
import type { Parameter, Target } from "../parameters.ts";
import { computes, type Kind } from "./computing.ts";
import type { Links } from "./links.ts";

/** What each parameter is. */
export const KINDS: Readonly<Record<Parameter, Kind>> = {
  prompt: "text",
  negative_prompt: "text",
  model: "text",
  width: "number",
  height: "number",
  batch_size: "number",
  animation_frames: "number",
  steps: "number",
  cfg_scale: "number",
  seed: "number",
  sampler_name: "text",
  scheduler: "text",
  denoise: "number",
  init_image: "text",
  output_format: "text",
};

/** Inputs of nodes that only hold a value. */
const HOLDERS = [
  "value",
  "seed",
  "noise_seed",
  "int",
  "integer",
  "float",
  "number",
  "string",
  "text",
];

const SEED = /seed/i;

/** Numbers that may stand beside each other in a node that holds several and computes none. */
const NEIGHBOURS = new Set([
  "width",
  "height",
  "batch_size",
  "length",
  "seed",
  "noise_seed",
  "steps",
  "cfg",
  "denoise",
]);

/** What stands in nodes that make their output of what they hold. */
const COMPUTES =
  /ratio|scale|preset|factor|swap|multipl|expression|operat|^op$|^(?:min|max)|range|round|invert|resolution|dimension|orient|^[ab]$/i;

/**
 * The literal that an input gets, if a value written there reaches it unchanged.
 *
 * @returns undefined if the value is computed, or of another kind.
 */
export function literalOf(
  links: Links,
  node: string,
  input: string,
  kind: Kind,
): Target | undefined {
  let at: Target = { node, input };
  const seen = new Set<string>();
  for (;;) {
    const value = links.inputs(at.node)[at.input];
    // A wrong value in the node itself is told of when the file is read.
    if (!isLink(value)) return at.node === node || isOfKind(value, kind) ? at : undefined;
    const [source] = value;
    if (seen.has(source)) return undefined;
    seen.add(source);
    const relayed = links.relayed(source);
    if (relayed === undefined) return heldBy(links, source, input, kind);
    at = { node: source, input: relayed };
  }
}

function heldBy(links: Links, node: string, wanted: string, kind: Kind): Target | undefined {
  const isSeed = SEED.test(wanted);
  const { class_type } = links.node(node);
  if (linksOf(links.node(node)).length > 0 || computes(class_type, kind, isSeed)) return undefined;
  const values = Object.entries(links.inputs(node));
  const held = new Map(
    values.filter(([, value]) => isOfKind(value, kind)).map(([key]) => [key.toLowerCase(), key]),
  );
  // A seed from which a node draws something else is not the thing.
  const name = [wanted, ...HOLDERS].find((candidate) =>
    held.has(candidate.toLowerCase()) && (isSeed || !SEED.test(candidate))
  );
  const input = name === undefined ? undefined : held.get(name.toLowerCase());
  if (input === undefined) return undefined;
  const others = values.filter(([name]) => name !== input);
  const isComputed = others.some(([name, value]) =>
    COMPUTES.test(name) ||
    (typeof value === "number" && !NEIGHBOURS.has(name) && !SEED.test(name))
  );
  return isComputed ? undefined : { node, input };
}

/** ComfyUI reads numbers from texts, too. */
function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === "text") return typeof value === "string";
  if (typeof value === "bigint" || typeof value === "number") return true;
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
}

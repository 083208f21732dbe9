/** Finding the texts of a graph's prompts from the samplers, and choosing among them. Pure. */

import type { Graph, Link } from "../graph.ts";
import { isLink } from "../graph.ts";
import type { Ambiguity, Target } from "../parameters.ts";
import { hasPlaceholder, placeholdersOf } from "../text/placeholders.ts";
import type { Links } from "./links.ts";
import { isText, isWildcard, type TextPlace, textsOf } from "./texts.ts";
import { byTitle, type Prompt } from "./titles.ts";

/** An encoder on the way to a sampler, and its texts. */
interface Encoder {
  readonly id: string;
  readonly places: readonly TextPlace[];
}

/** What one node that takes conditioning gets. */
interface Side {
  readonly parameter: Prompt;
  readonly encoders: readonly Encoder[];
  /** Every node on the way. */
  readonly nodes: ReadonlySet<string>;
}

/** Links that lead away from conditioning. */
const NOT_CONDITIONING: ReadonlySet<string> = new Set([
  "clip",
  "model",
  "vae",
  "image",
  "pixels",
  "mask",
  "latent",
  "control_net",
  "clip_vision",
  "clip_vision_output",
  "style_model",
]);

/** What the search tells of on its way. */
export interface PromptVisitor {
  /** A link to the text encoder of an encoder. */
  onClip(clip: Link): void;
  /** A node that conditioning comes through. */
  onConditioning(id: string): void;
}

/** Finds the prompts of a graph, from one sampler after the other. */
export class Prompts {
  readonly #graph: Graph;
  readonly #links: Links;
  readonly #sides: Side[] = [];

  constructor(graph: Graph, links: Links) {
    this.#graph = graph;
    this.#links = links;
  }

  /** Follows the conditionings of one node that takes some. */
  follow(parameter: Prompt, froms: readonly Link[], visitor: PromptVisitor): void {
    const encoders: Encoder[] = [];
    const seen = new Set<string>();
    for (const from of froms) this.#visit(parameter, from, { visitor, seen, encoders });
    const nodes = new Set(froms.flatMap((from) => this.#links.walk(from, () => true)));
    if (encoders.length > 0) this.#sides.push({ parameter, encoders, nodes });
  }

  /** Where the words of a request go. A text that both prompts share belongs to the positive one. */
  decide(): Record<Prompt, readonly Target[]> & { ambiguities: Ambiguity[] } {
    const ambiguities: Ambiguity[] = [];
    const prompt = this.#decide("prompt", new Set(), ambiguities);
    const shared = new Set(
      this.#sides.filter(({ parameter }) => parameter === "prompt")
        .flatMap(({ encoders }) => encoders.flatMap(({ places }) => places.map(keyOf))),
    );
    const negative_prompt = this.#decide("negative_prompt", shared, ambiguities);
    return { prompt, negative_prompt, ambiguities };
  }

  #decide(
    parameter: Prompt,
    shared: ReadonlySet<string>,
    ambiguities: Ambiguity[],
  ): readonly Target[] {
    const marked = placeholdersOf(this.#graph, parameter)
      .filter((target) => this.#isHeard(parameter, target));
    if (marked.length > 0) return marked;
    const found = new Map<string, Target>();
    for (const side of this.#sides.filter((one) => one.parameter === parameter)) {
      const encoders = side.encoders
        .map(({ id, places }) => ({
          id,
          places: places.filter((place) => this.#isFree(place, shared)),
        }))
        .filter(({ places }) => places.length > 0);
      const chosen = this.#choose(parameter, encoders);
      if (chosen === undefined) {
        const places = encoders.flatMap((encoder) => encoder.places).map(targetOf);
        ambiguities.push({ parameter, places });
      }
      for (const target of chosen ?? []) found.set(keyOf(target), target);
    }
    if (found.size > 0 || ambiguities.some((one) => one.parameter === parameter)) {
      return [...found.values()];
    }
    return byTitle(this.#graph, parameter, this.#allTexts()) ?? [];
  }

  /**
   * Whether a placeholder is of use to its prompt: not where it stands in a note that leads nowhere, or in
   * the other prompt alone. Where the prompt cannot be followed, it is taken to be.
   */
  #isHeard(parameter: Prompt, target: Target): boolean {
    const own = this.#sides.filter((side) => side.parameter === parameter);
    if (own.length === 0) return true;
    const holders = this.#sides.filter(({ encoders }) =>
      encoders.some(({ places }) => places.some((place) => keyOf(place) === keyOf(target)))
    );
    if (holders.length > 0) return holders.some((side) => side.parameter === parameter);
    return own.some(({ nodes }) => nodes.has(target.node));
  }

  /** Undefined if nothing says which text is the one. */
  #choose(parameter: Prompt, encoders: readonly Encoder[]): readonly Target[] | undefined {
    const places = encoders.flatMap((encoder) => encoder.places);
    const ids = new Set(encoders.map(({ id }) => id));
    const isShared =
      new Set(encoders.map((encoder) => encoder.places.map(keyOf).join())).size === 1;
    if ((ids.size <= 1 || isShared) && !places.some(({ isPart }) => isPart)) {
      return places.map(targetOf);
    }
    const own = parameter === "prompt" ? /positive/i : /negative/i;
    const named = places.filter(({ input }) => own.test(input));
    if (named.length === 1 && encoders.length === 1) return named.map(targetOf);
    // The title of an encoder tells whose its texts are, as long as they are not joined.
    const plain = encoders.filter((encoder) => !encoder.places.some(({ isPart }) => isPart));
    const labelled = plain.length === encoders.length
      ? byTitle(this.#graph, parameter, encoders.map(({ id }) => ({ node: id, input: "" })))
      : undefined;
    if (labelled !== undefined) {
      return encoders.filter(({ id }) => labelled.some(({ node }) => node === id))
        .flatMap((encoder) => encoder.places).map(targetOf);
    }
    const ownTexts = places.filter(({ node }) =>
      this.#links.linksOf(node).length === 0 || ids.has(node)
    );
    const chosen = byTitle(this.#graph, parameter, ownTexts.map(targetOf));
    // A title does not tell the parts of one node apart.
    return chosen === undefined || chosen.length === 1 || isWildcard(chosen) ? chosen : undefined;
  }

  /** Texts with any placeholder are not to be replaced. */
  #isFree(place: TextPlace, shared: ReadonlySet<string>): boolean {
    const text = this.#links.inputs(place.node)[place.input];
    return !shared.has(keyOf(place)) && !hasPlaceholder(text);
  }

  #allTexts(): Target[] {
    return Object.entries(this.#graph).flatMap(([node, { inputs }]) =>
      Object.entries(inputs)
        .filter(([input, value]) => isText(input) && typeof value === "string")
        .map(([input]) => ({ node, input }))
    );
  }

  #visit(
    parameter: Prompt,
    [id, output]: Link,
    to: { visitor: PromptVisitor; seen: Set<string>; encoders: Encoder[] },
  ): void {
    const { visitor, seen, encoders } = to;
    if (seen.has(`${id}:${output}`)) return;
    seen.add(`${id}:${output}`);
    const inputs = this.#links.inputs(id);
    visitor.onConditioning(id);
    const own = parameter === "prompt" ? "positive" : "negative";
    if ("clip" in inputs) {
      const places = Object.keys(inputs).filter(isText)
        .flatMap((input) => textsOf(this.#links, id, input));
      if (!encoders.some((encoder) => encoder.id === id)) encoders.push({ id, places });
      if (isLink(inputs["clip"])) visitor.onClip(inputs["clip"]);
      return;
    }
    // Loaders that encode the prompts themselves hold them as texts.
    if (typeof inputs[own] === "string") {
      encoders.push({ id, places: textsOf(this.#links, id, own) });
      return;
    }
    // A node that passes both conditionings on (ControlNet) gives positive first, negative second; a
    // sampler that does gives its model before them.
    const paired = isLink(inputs["positive"]) && isLink(inputs["negative"]);
    const first = isLink(inputs["model"]) ? 1 : 0;
    for (const [input, next] of this.#links.linksOf(id)) {
      if (NOT_CONDITIONING.has(input)) continue;
      if (paired && input !== (output === first ? "positive" : "negative")) continue;
      this.#visit(parameter, next, to);
    }
  }
}

function keyOf({ node, input }: Target): string {
  return `${node}:${input}`;
}

function targetOf({ node, input }: Target): Target {
  return { node, input };
}

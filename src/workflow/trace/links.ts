/** Following the links of a graph: past reroutes, and through a switch only by its chosen branch. Pure. */

import { type Graph, type GraphNode, isLink, type Link, linksOf } from "../graph.ts";
import { chosenInput } from "./switches.ts";

/** Classes that hand one value on as it is, be it only to show it. */
const RELAY = /reroute|relay|pass.?through|^(?:show|display|preview|primitive)/i;

/** Inputs of nodes that do something by the way, such as freeing memory, and hand on what they get. */
const PASSED = /^any(?:thing)?(?:_input)?$|_pass$|^pass_?through$/i;

/** The links of one graph. */
export class Links {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** A node; an empty one for an id that is not there. */
  node(id: string): GraphNode {
    return this.#graph[id] ?? { class_type: "", inputs: {} };
  }

  /** Its inputs. */
  inputs(id: string): Readonly<Record<string, unknown>> {
    return this.node(id).inputs;
  }

  /** Links that count: of a switch only the one that it is set to. */
  linksOf(id: string): [input: string, link: Link][] {
    const chosen = this.chosen(id);
    const links = linksOf(this.node(id));
    return typeof chosen === "string" ? links.filter(([input]) => input === chosen) : links;
  }

  /** The input that a switch lets through; `null` if that cannot be told, undefined for other nodes. */
  chosen(id: string): string | null | undefined {
    return chosenInput(this.node(id), (value) => this.#plainValue(value));
  }

  /** The input whose value a node hands on unchanged, if it is such a node. */
  relayed(id: string): string | undefined {
    const chosen = this.chosen(id);
    if (chosen !== undefined) return chosen ?? undefined;
    const links = linksOf(this.node(id));
    const [input] = links[0] ?? [];
    if (links.length !== 1 || input === undefined) return undefined;
    return RELAY.test(this.node(id).class_type) || PASSED.test(input) ? input : undefined;
  }

  /** True for a node through which any search goes: with one link and nothing else, a relay, a switch. */
  isTransparent(id: string): boolean {
    const { inputs } = this.node(id);
    const isBare = Object.keys(inputs).length === 1 && linksOf(this.node(id)).length === 1;
    return isBare || this.relayed(id) !== undefined || this.chosen(id) === null;
  }

  /** Every node reached from a link through the inputs that `passes` lets through, nearest first. */
  walk(from: Link, passes: (input: string, id: string) => boolean): string[] {
    const found = new Set<string>([from[0]]);
    for (const id of found) {
      for (const [input, [next]] of this.linksOf(id)) {
        if (passes(input, id)) found.add(next);
      }
    }
    return [...found];
  }

  /** What a selector holds, itself or in the primitive that is linked to it. */
  #plainValue(value: unknown): unknown {
    if (!isLink(value)) return value;
    const inputs = Object.values(this.inputs(value[0]));
    return inputs.length === 1 && !isLink(inputs[0]) ? inputs[0] : undefined;
  }
}

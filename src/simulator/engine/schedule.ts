/**
 * The order in which nodes run. It is the server's choice, not that of the graph's keys: outputs as
 * soon as possible, then what leads to one, otherwise in the order of discovery.
 *
 * @module
 */

import type { Catalogue } from "../validation/catalogue.ts";
import { isLink, type Prompt } from "../graph.ts";
import type { JsonObject } from "../json.ts";
import { declaredInputs } from "../validation/declared.ts";

/** The nodes that still have to run. */
export class Schedule {
  readonly #prompt: Prompt;
  readonly #catalogue: Catalogue;
  readonly #isCached: (id: string) => boolean;
  /** Nodes waiting, in the order of discovery. */
  readonly #pending = new Set<string>();
  /** How many waiting nodes each node waits for. */
  readonly #blockCounts = new Map<string, number>();
  /** Which nodes each node holds up. */
  readonly #blocking = new Map<string, Set<string>>();

  /** Creates an empty schedule; nodes with a cached result are never added as dependencies. */
  constructor(prompt: Prompt, catalogue: Catalogue, isCached: (id: string) => boolean) {
    this.#prompt = prompt;
    this.#catalogue = catalogue;
    this.#isCached = isCached;
  }

  /** Adds an output node and all that it needs. */
  add(id: string): void {
    const stack = [id];
    const links: [source: string, target: string][] = [];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (this.#pending.has(next)) continue;
      this.#pending.add(next);
      this.#blockCounts.set(next, 0);
      this.#blocking.set(next, new Set());
      for (const source of this.#sources(next)) {
        stack.push(source);
        links.push([source, next]);
      }
    }
    for (const [source, target] of links) this.#block(source, target);
  }

  /** The node to run next; `undefined` when none is left. */
  next(): string | undefined {
    const ready = [...this.#pending].filter((id) => this.#blockCounts.get(id) === 0);
    return ready.find((id) => this.#isOutput(id)) ??
      ready.find((id) => this.#blockedBy(id).some((next) => this.#isOutput(next))) ??
      ready.find((id) => this.#leadsToOutput(id)) ??
      ready[0];
  }

  /** Has a waiting node wait for another one, too. */
  need(id: string, source: string): void {
    this.add(source);
    this.#block(source, id);
  }

  /** Removes a node that has run. */
  complete(id: string): void {
    this.#pending.delete(id);
    for (const blocked of this.#blockedBy(id)) {
      this.#blockCounts.set(blocked, (this.#blockCounts.get(blocked) ?? 1) - 1);
    }
    this.#blocking.delete(id);
  }

  #sources(id: string): string[] {
    const node = this.#prompt[id];
    const inputs = (node?.inputs ?? {}) as JsonObject;
    const info = this.#catalogue.find(node?.class_type);
    const declared = info && declaredInputs(info, inputs);
    // The node asks for these itself, once it has the others.
    const isLazy = (input: string) => declared?.get(input)?.spec[1]?.lazy === true;
    return Object.entries(inputs)
      .filter(([input]) => !isLazy(input)).map(([, value]) => value)
      .filter((value) => isLink(value))
      .map(([source]) => source)
      .filter((source) => !this.#isCached(source));
  }

  #block(source: string, target: string): void {
    const blocked = this.#blocking.get(source);
    if (blocked === undefined || blocked.has(target)) return;
    blocked.add(target);
    this.#blockCounts.set(target, (this.#blockCounts.get(target) ?? 0) + 1);
  }

  #blockedBy(id: string): string[] {
    return [...this.#blocking.get(id) ?? []];
  }

  /** Two steps away from an output, as a VAE loader is. */
  #leadsToOutput(id: string): boolean {
    return this.#blockedBy(id).some((next) =>
      this.#blockedBy(next).some((afterNext) => this.#isOutput(afterNext))
    );
  }

  #isOutput(id: string): boolean {
    return this.#catalogue.find(this.#prompt[id]?.class_type)?.output_node ?? false;
  }
}

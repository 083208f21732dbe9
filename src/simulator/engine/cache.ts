/**
 * The cache of node results. A result is filed under what it was made from, never under a node id, so
 * a renumbered graph still finds it.
 *
 * @module
 */

import { isLink, type Prompt, type PromptNode } from "../graph.ts";
import { dumpJson, isObject, type Json, type JsonObject } from "../json.ts";
import type { Value } from "../nodes/values.ts";
import { PythonError } from "../python.ts";

/** Result of a node. */
export interface CachedResult {
  /** Its outputs. */
  readonly outputs: readonly Value[];
  /** What `executed` showed, when it showed anything. */
  readonly ui: JsonObject | undefined;
  /** Where that came from; keeps the ids of the run that made it. */
  readonly meta: JsonObject;
}

/** Results kept across prompts by versions that do so; the real ones keep what fits into memory. */
const LIMIT = 100;

/** Results of earlier runs, seen through the graph of the present one. */
export class ResultCache {
  readonly #keepsAll: boolean;
  readonly #results = new Map<string, CachedResult>();
  readonly #states = new Map<string, Map<string, string>>();
  #keys = new Map<string, string>();

  /** Creates an empty cache; unless it keeps all, each prompt drops what it does not use. */
  constructor(keepsAll: boolean) {
    this.#keepsAll = keepsAll;
  }

  /**
   * Turns to a new prompt. `fingerprint` gives what besides the inputs decides about a node's result.
   *
   * @throws {PythonError} for a node without inputs, which in the real server ends the executor.
   */
  usePrompt(prompt: Prompt, fingerprint: (id: string) => string): void {
    this.#keys = new Map();
    for (const id of Object.keys(prompt)) this.#keys.set(id, signature(prompt, id, fingerprint));
    dropExcept(this.#results, new Set(this.#keys.values()), this.#keepsAll ? LIMIT : 0);
    const states = Object.entries(prompt).map(([id, node]) => stateKey(id, node));
    dropExcept(this.#states, new Set(states), 0);
  }

  /** The result of a node of the present prompt, if it is known. */
  get(id: string): CachedResult | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#results.get(key);
  }

  /** Files the result of a node. */
  set(id: string, result: CachedResult): void {
    const key = this.#keys.get(id);
    if (key !== undefined) this.#results.set(key, result);
  }

  /** Memory of a node that lasts as long as its id keeps its class. */
  stateOf(id: string, node: PromptNode): Map<string, string> {
    const key = stateKey(id, node);
    const state = this.#states.get(key) ?? new Map<string, string>();
    this.#states.set(key, state);
    return state;
  }

  /** Forgets everything. */
  clear(): void {
    this.#results.clear();
    this.#states.clear();
  }
}

/** Drops the oldest entries that are not to be kept, as long as there are more than `spare` in all. */
function dropExcept<T>(map: Map<string, T>, keep: ReadonlySet<string>, spare: number): void {
  for (const key of map.keys()) {
    if (map.size <= spare) return;
    if (!keep.has(key)) map.delete(key);
  }
}

function stateKey(id: string, node: PromptNode): string {
  return `${id}\0${node.class_type}`;
}

/** A node's class, literals and fingerprint, and the same of all its ancestors, numbered by position. */
function signature(prompt: Prompt, id: string, fingerprint: (id: string) => string): string {
  const order = new Map<string, number>();
  collectAncestors(prompt, id, order);
  const nodes = [id, ...order.keys()];
  return dumpJson(nodes.map((node) => nodeSignature(prompt, node, order, fingerprint)));
}

function collectAncestors(prompt: Prompt, id: string, order: Map<string, number>): void {
  const node = prompt[id];
  if (node === undefined) return;
  for (const [, value] of sortedInputs(node)) {
    if (!isLink(value) || order.has(value[0])) continue;
    order.set(value[0], order.size);
    collectAncestors(prompt, value[0], order);
  }
}

function nodeSignature(
  prompt: Prompt,
  id: string,
  order: ReadonlyMap<string, number>,
  fingerprint: (id: string) => string,
): Json {
  const node = prompt[id];
  if (node === undefined) return [crypto.randomUUID()];
  const inputs = sortedInputs(node).map(([name, value]): Json =>
    isLink(value) ? [name, ["ANCESTOR", order.get(value[0]) ?? -1, value[1]]] : [name, value]
  );
  return [node.class_type, fingerprint(id), ...inputs];
}

function sortedInputs(node: PromptNode): [string, Json][] {
  if (!isObject(node.inputs)) throw new PythonError("KeyError", "'inputs'");
  return Object.entries(node.inputs).sort(([a], [b]) => a < b ? -1 : 1);
}

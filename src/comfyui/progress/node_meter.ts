/** Measures how long the nodes of a run take: a fold over its events, pure but for its clock. */

import type { NodeTime } from "../../node_times.ts";
import { graphNodeId } from "../graph.ts";
import { coldNodes, modelFilesOf } from "../api/model_files.ts";
import { isSampler } from "./plan.ts";
import type { ComfyEvent, PromptGraph } from "../types.ts";

/** Options of {@linkcode createNodeMeter}. */
export interface NodeMeterOptions {
  /** Monotonic clock in milliseconds. @default {performance.now} */
  now?: () => number;
  /**
   * Model files that the server has used since it came up; those of this run are added.
   * @default a set of its own
   */
  loaded?: Set<string>;
}

/** What a meter has found. */
export interface NodeMeasurement {
  /** The nodes that ran, those that took longest if there are many. */
  nodes: NodeTime[];
  /** Time of the prompt besides them, in milliseconds. */
  otherMs: number;
}

/** Measures a run. */
export interface NodeMeter {
  /** Takes an event. */
  take(event: ComfyEvent): void;
  /**
   * What was measured. Undefined for a run that says nothing about the next one: not all of it was
   * seen, it has not completed, or what it was to generate came from the cache.
   */
  result(): NodeMeasurement | undefined;
}

/** Most nodes that are told apart, so that a huge graph makes no huge record. */
const MAX_NODES = 100;

/** Creates the meter of one run of a graph. */
export function createNodeMeter(graph: PromptGraph, options: NodeMeterOptions = {}): NodeMeter {
  return new Meter(graph, options);
}

interface Span {
  ms: number;
  /** The first and the last step that were told, and when, counted from the node's beginning. */
  steps: { first: number; firstMs: number; last: number; lastMs: number } | undefined;
}

class Meter implements NodeMeter {
  readonly #graph: PromptGraph;
  readonly #now: () => number;
  readonly #loaded: Set<string>;
  readonly #spans = new Map<string, Span>();
  #cold: ReadonlySet<string> = new Set();
  #startedAt: number | undefined;
  #running: { id: string; sinceMs: number } | undefined;
  #totalMs: number | undefined;
  #isBroken = false;

  constructor(graph: PromptGraph, options: NodeMeterOptions) {
    this.#graph = graph;
    this.#now = options.now ?? (() => performance.now());
    this.#loaded = options.loaded ?? new Set();
  }

  take(event: ComfyEvent): void {
    switch (event.type) {
      case "connection":
        // A silent socket misses nothing: a model that loads for long is reason enough.
        this.#isBroken ||= event.state === "lost";
        break;
      case "started":
        this.#startedAt = this.#now();
        this.#cold = coldNodes(this.#graph, this.#loaded);
        break;
      case "cached":
        for (const id of event.nodes) this.#takeCached(id);
        break;
      case "executing":
        this.#enter(graphNodeId(this.#graph, event.displayNode));
        break;
      case "progress":
        this.#takeProgress(event.node, event.value);
        break;
      case "node_finished":
        if (event.node === this.#running?.id) this.#leave();
        break;
      case "completed":
        this.#complete(event.executed);
        break;
    }
  }

  result(): NodeMeasurement | undefined {
    if (this.#isBroken || this.#totalMs === undefined || this.#spans.size === 0) return undefined;
    const nodes = [...this.#spans].map(([id, span]) => this.#nodeTime(id, span))
      .toSorted((a, b) => wholeMs(b) - wholeMs(a)).slice(0, MAX_NODES);
    const sum = nodes.reduce((ms, node) => ms + wholeMs(node), 0);
    return { nodes, otherMs: rounded(Math.max(0, this.#totalMs - sum)) };
  }

  #takeCached(id: string): void {
    const node = this.#graph[id];
    if (node === undefined) return;
    if (isSampler(node)) this.#isBroken = true;
    this.#noteFiles(id);
  }

  /** A node that waits for lazy inputs begins more than once: its times add up. */
  #enter(id: string): void {
    if (id === this.#running?.id) return;
    this.#leave();
    if (Object.hasOwn(this.#graph, id)) this.#running = { id, sinceMs: this.#now() };
  }

  #leave(): void {
    if (this.#running === undefined) return;
    const { id, sinceMs } = this.#running;
    this.#span(id).ms += this.#now() - sinceMs;
    this.#running = undefined;
    this.#noteFiles(id);
  }

  #takeProgress(id: string, value: number): void {
    const node = this.#graph[id];
    if (id !== this.#running?.id || node === undefined || !isSampler(node)) return;
    const span = this.#span(id);
    const ms = span.ms + this.#now() - this.#running.sinceMs;
    if (!(value > (span.steps?.last ?? 0) && value < Infinity)) return;
    span.steps ??= { first: value, firstMs: ms, last: value, lastMs: ms };
    span.steps.last = value;
    span.steps.lastMs = ms;
  }

  #complete(executed: readonly string[]): void {
    this.#leave();
    if (this.#startedAt !== undefined) this.#totalMs = this.#now() - this.#startedAt;
    // What ran unseen was counted as part of another node.
    const unseen = executed.some((id) => !this.#spans.has(graphNodeId(this.#graph, id)));
    this.#isBroken ||= unseen;
  }

  #span(id: string): Span {
    const span = this.#spans.get(id) ?? { ms: 0, steps: undefined };
    this.#spans.set(id, span);
    return span;
  }

  #noteFiles(id: string): void {
    for (const file of modelFilesOf(this.#graph, id)) this.#loaded.add(file);
  }

  #nodeTime(id: string, { ms, steps }: Span): NodeTime {
    const className = this.#graph[id]?.class_type ?? "";
    const about = { node: id, className, cold: this.#cold.has(id) };
    if (steps === undefined) return { ...about, fixedMs: rounded(ms), steps: 0, stepMs: 0 };
    // The first step also brings the model to the GPU; where it is the only one, they are one.
    const stepMs = steps.last > steps.first
      ? (steps.lastMs - steps.firstMs) / (steps.last - steps.first)
      : steps.firstMs / steps.first;
    const fixedMs = Math.max(0, ms - steps.last * stepMs);
    return { ...about, fixedMs: rounded(fixedMs), steps: steps.last, stepMs: rounded(stepMs) };
  }
}

function wholeMs({ fixedMs, steps, stepMs }: NodeTime): number {
  return fixedMs + steps * stepMs;
}

/** To a hundredth of a millisecond: nobody measures more. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

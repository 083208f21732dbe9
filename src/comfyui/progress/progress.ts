/** Progress of a run as people understand it: a pure fold over its events. */

import type { Stage } from "../../protocol/mod.ts";
import { type ExpectedTimes, median } from "../../node_times.ts";
import { graphNodeId, sourcesOf } from "../graph.ts";
import { allDoneMs, type NodeState, noteSteps, remainingMs } from "./eta.ts";
import { laterStage, planProgress } from "./plan.ts";
import { expectNodes } from "./times.ts";
import type { ComfyEvent, PromptGraph } from "../types.ts";

/** How far a run is. */
export interface ProgressSnapshot {
  /** What it is doing. */
  stage: Stage;
  /** Sampler steps done, of all samplers together; those from the cache count as done. */
  step: number;
  /** Sampler steps in all. A batch does not multiply them. */
  totalSteps: number;
  /** 0 to 100, never falling, and 100 only when the run is complete. */
  percent: number;
  /** Seconds to go; 0 as long as there is nothing to go by. */
  etaSeconds: number;
}

/** Options of {@linkcode createProgressTracker}. */
export interface ProgressTrackerOptions {
  /** Monotonic clock in milliseconds. @default {performance.now} */
  now?: () => number;
  /** What the run is expected to take, from runs like it. @default nothing is known */
  expected?: ExpectedTimes;
  /** Model files that the server has used since it came up. @default none */
  loaded?: ReadonlySet<string>;
}

/** Turns events into progress. */
export interface ProgressTracker {
  /** Takes an event; returns how far the run is if the event changed that. */
  update(event: ComfyEvent): ProgressSnapshot | undefined;
  /** Returns how far a run is that goes on although nothing was heard of it since the last look. */
  look(): ProgressSnapshot | undefined;
}

/** Nothing but the ending may say that all is done. */
const MAX_UNFINISHED_PERCENT = 99;

/** Creates the tracker of one run of a graph. */
export function createProgressTracker(
  graph: PromptGraph,
  options: ProgressTrackerOptions = {},
): ProgressTracker {
  return new Tracker(graph, options);
}

class Tracker implements ProgressTracker {
  readonly #graph: PromptGraph;
  readonly #options: ProgressTrackerOptions;
  readonly #now: () => number;
  #nodes: Map<string, NodeState>;
  /** The same, to be gone through with each step. */
  #all: readonly NodeState[];
  /** What was in memory when that was planned. */
  #planned = "";
  /** Weight of the whole run, files included. */
  #totalMs = 0;
  #stage: Stage = "initializing";
  #isComplete = false;
  #shown: ProgressSnapshot | undefined;
  /** True if something was shown since the last look. */
  #isFresh = false;
  #percent = 0;
  #startedAt: number | undefined;
  /** Time that was already done at the start, which says nothing about the speed. */
  #doneAtStartMs = 0;

  constructor(graph: PromptGraph, options: ProgressTrackerOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#nodes = this.#plan();
    this.#all = [...this.#nodes.values()];
  }

  update(event: ComfyEvent): ProgressSnapshot | undefined {
    if (this.#isComplete || !this.#take(event)) return undefined;
    const snapshot = this.#snapshot();
    if (this.#shown !== undefined && isSame(this.#shown, snapshot)) return undefined;
    this.#isFresh = true;
    this.#shown = snapshot;
    return snapshot;
  }

  look(): ProgressSnapshot | undefined {
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    if (this.#isComplete || isFresh || this.#shown === undefined) return undefined;
    return this.#shown = this.#snapshot();
  }

  #loadedNames(): string {
    return [...this.#options.loaded ?? []].join("\n");
  }

  #plan(): Map<string, NodeState> {
    this.#planned = this.#loadedNames();
    const plans = planProgress(this.#graph);
    const { expected: times, loaded = new Set() } = this.#options;
    const expectations = expectNodes(this.#graph, plans, times, loaded);
    const nodes = new Map<string, NodeState>();
    this.#totalMs = times?.otherMs ?? 0;
    for (const [id, plan] of plans) {
      const expected = expectations.get(id)!;
      const weights = {
        fixedMs: median(expected.fixedMs),
        stepsMs: plan.steps * expected.stepMs,
      };
      this.#totalMs += weights.fixedMs + weights.stepsMs;
      nodes.set(id, {
        ...plan,
        expected,
        weights,
        done: 0,
        runningSince: undefined,
        steppedAt: undefined,
        own: { steps: 0, ms: 0 },
      });
    }
    return nodes;
  }

  /** False for events that say nothing about progress. */
  #take(event: ComfyEvent): boolean {
    switch (event.type) {
      case "queued":
      case "connection":
      case "preview":
      case "socket_image":
        return false;
      case "activity":
        return this.#takeActivity(graphNodeId(this.#graph, event.node), event.activity);
      case "started":
        this.#start();
        return true;
      case "cached":
        this.#takeCached(event.nodes);
        return true;
      case "executing":
        this.#begin(graphNodeId(this.#graph, event.displayNode));
        return true;
      case "progress":
        this.#takeProgress(event.node, event.value, event.max);
        return true;
      case "node_finished":
      case "executed":
        this.#finish(event.node);
        return true;
      case "completed":
        this.#isComplete = true;
        for (const id of this.#nodes.keys()) this.#finish(id);
        return true;
    }
  }

  /** While it waited in ComfyUI's queue, the run before it may have loaded its models. */
  #start(): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = this.#now();
    if (this.#shown !== undefined || this.#loadedNames() === this.#planned) return;
    this.#nodes = this.#plan();
    this.#all = [...this.#nodes.values()];
  }

  #takeCached(nodes: string[]): void {
    for (const id of nodes) this.#finish(id);
    this.#doneAtStartMs = allDoneMs(this.#all, this.#now());
  }

  #begin(id: string): void {
    for (const [other, node] of this.#nodes) if (other !== id) node.runningSince = undefined;
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.runningSince ??= this.#now();
    this.#finishSources(id);
    this.#enter(node);
  }

  /** Of a run that was joined on the way, or lost from sight, nobody says what was done before. */
  #finishSources(id: string): void {
    const ids = sourcesOf(this.#graph, id);
    for (let source = ids.pop(); source !== undefined; source = ids.pop()) {
      if (source === id || this.#nodes.get(source)?.done === 1) continue;
      this.#finish(source);
      ids.push(...sourcesOf(this.#graph, source));
    }
  }

  /** Samplers load their model when they first need it; what else they say needs no stage. */
  #takeActivity(id: string, activity: string | undefined): boolean {
    const node = this.#nodes.get(id);
    if (node === undefined || node.done === 1) return false;
    if (activity !== undefined && /load/i.test(activity)) this.#stage = "loading_models";
    else this.#enter(node);
    return true;
  }

  /** A node of unknown class does not take the job back to an earlier stage. */
  #enter(node: NodeState): void {
    this.#stage = node.isCertain ? node.stage : laterStage(this.#stage, node.stage);
  }

  /** Parts of an expanded node report under ids of their own, which say nothing about the whole. */
  #takeProgress(id: string, value: number, max: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined || !Number.isFinite(value) || !Number.isFinite(max) || max <= 0) return;
    // Those of one that is under way were finished with its first step.
    if (node.done === 0 || node.done === 1) this.#finishSources(id);
    this.#enter(node);
    const done = Math.max(node.done, Math.min(1, value / max));
    if (node.steps > 0) {
      node.steps = Math.max(1, Math.round(max));
      this.#measureStep(node, (done - node.done) * node.steps);
    }
    node.done = done;
  }

  /**
   * The first step of a sampler also loads its model, so only the time between two steps counts.
   */
  #measureStep(node: NodeState, steps: number): void {
    if (steps <= 0) return;
    const now = this.#now();
    if (node.steppedAt !== undefined) noteSteps(node, steps, now - node.steppedAt);
    node.steppedAt = now;
  }

  #finish(id: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.done = 1;
    node.runningSince = undefined;
  }

  #snapshot(): ProgressSnapshot {
    let step = 0;
    let totalSteps = 0;
    const all = this.#all;
    for (let index = 0; index < all.length; index += 1) {
      const { steps, done } = all[index]!;
      step += Math.round(steps * done);
      totalSteps += steps;
    }
    const now = this.#now();
    const doneMs = allDoneMs(all, now);
    const etaSeconds = this.#isComplete ? 0 : Math.max(0, this.#remainingMs(now, doneMs) / 1_000);
    return { stage: this.#stage, step, totalSteps, percent: this.#nextPercent(doneMs), etaSeconds };
  }

  #nextPercent(doneMs: number): number {
    if (this.#isComplete) return 100;
    const share = this.#totalMs > 0 ? doneMs / this.#totalMs : 0;
    const percent = Math.min(MAX_UNFINISHED_PERCENT, Math.round(share * 1_000) / 10);
    return this.#percent = Math.max(this.#percent, percent);
  }

  /** Where nothing is expected, by the speed so far until there are steps to go by. */
  #remainingMs(now: number, doneMs: number): number {
    const hasSteps = this.#all.some((node) => node.own.steps > 0);
    if (this.#options.expected !== undefined || hasSteps) {
      return remainingMs(this.#all, now) + (this.#options.expected?.otherMs ?? 0);
    }
    const elapsedMs = this.#startedAt === undefined ? 0 : now - this.#startedAt;
    const doneSinceStart = doneMs - this.#doneAtStartMs;
    return doneSinceStart > 0 ? elapsedMs * (this.#totalMs - doneMs) / doneSinceStart : 0;
  }
}

function isSame(a: ProgressSnapshot, b: ProgressSnapshot): boolean {
  return a.stage === b.stage && a.step === b.step && a.totalSteps === b.totalSteps &&
    a.percent === b.percent;
}

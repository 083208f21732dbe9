/** Progress of a run as people understand it: a pure fold over its events. */

import type { Stage } from "../protocol/mod.ts";
import { graphNodeId } from "./graph.ts";
import { laterStage, type NodePlan, planProgress } from "./progress_plan.ts";
import type { ComfyEvent, PromptGraph } from "./types.ts";

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
  /** How long the run is expected to take, for the time before a step has been measured, in ms. */
  expectedMs?: number;
}

/** Turns events into progress. */
export interface ProgressTracker {
  /** Takes an event; returns how far the run is if the event changed that. */
  update(event: ComfyEvent): ProgressSnapshot | undefined;
}

/** Nothing but the ending may say that all is done. */
const MAX_UNFINISHED_PERCENT = 99;

/** Weight of the newest step time in the running mean. */
const NEWEST_STEP_WEIGHT = 0.3;

/** Creates the tracker of one run of a graph. */
export function createProgressTracker(
  graph: PromptGraph,
  options: ProgressTrackerOptions = {},
): ProgressTracker {
  return new Tracker(graph, options);
}

interface NodeState extends NodePlan {
  /** Part of the node that is done, 0 to 1; never falls, and so the percentage does not. */
  done: number;
}

class Tracker implements ProgressTracker {
  readonly #graph: PromptGraph;
  readonly #now: () => number;
  readonly #expectedMs: number | undefined;
  readonly #nodes: Map<string, NodeState>;
  #stage: Stage = "initializing";
  #isComplete = false;
  #shown: ProgressSnapshot | undefined;
  #startedAt: number | undefined;
  /** Share of the work that was already done at the start, which says nothing about the speed. */
  #doneAtStart = 0;
  #lastStep: { node: string; value: number; at: number } | undefined;
  #stepMs: number | undefined;

  constructor(graph: PromptGraph, options: ProgressTrackerOptions) {
    this.#graph = graph;
    this.#now = options.now ?? (() => performance.now());
    this.#expectedMs = options.expectedMs;
    this.#nodes = new Map(
      [...planProgress(graph)].map(([id, plan]) => [id, { ...plan, done: 0 }]),
    );
  }

  update(event: ComfyEvent): ProgressSnapshot | undefined {
    if (this.#isComplete || !this.#take(event)) return undefined;
    const snapshot = this.#snapshot();
    if (this.#shown !== undefined && isSame(this.#shown, snapshot)) return undefined;
    this.#shown = snapshot;
    return snapshot;
  }

  /** False for events that say nothing about progress. */
  #take(event: ComfyEvent): boolean {
    switch (event.type) {
      case "queued":
      case "connection":
      case "preview":
        return false;
      case "started":
        this.#startedAt ??= this.#now();
        return true;
      case "cached":
        this.#takeCached(event.nodes);
        return true;
      case "executing":
        this.#enter(this.#nodeOf(event.displayNode));
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
        for (const node of this.#nodes.values()) node.done = 1;
        return true;
    }
  }

  #takeCached(nodes: string[]): void {
    for (const id of nodes) this.#finish(id);
    this.#doneAtStart = this.#doneShare();
  }

  /** A node of unknown class does not take the job back to an earlier stage. */
  #enter(node: NodeState | undefined): void {
    if (node === undefined) return;
    this.#stage = node.isCertain ? node.stage : laterStage(this.#stage, node.stage);
  }

  /** Parts of an expanded node report under ids of their own, which say nothing about the whole. */
  #takeProgress(id: string, value: number, max: number): void {
    const node = this.#nodes.get(id);
    if (node === undefined || !Number.isFinite(value) || !Number.isFinite(max) || max <= 0) return;
    this.#enter(node);
    if (node.steps > 0) {
      node.steps = Math.max(1, Math.round(max));
      this.#measureStep(id, value);
    }
    node.done = Math.max(node.done, Math.min(1, value / max));
  }

  #finish(id: string): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.done = 1;
  }

  /**
   * The first step of a sampler also loads its model, so only the time between two steps counts.
   */
  #measureStep(node: string, value: number): void {
    const at = this.#now();
    const last = this.#lastStep;
    if (last?.node === node && value > last.value) {
      const stepMs = (at - last.at) / (value - last.value);
      this.#stepMs = this.#stepMs === undefined
        ? stepMs
        : this.#stepMs + NEWEST_STEP_WEIGHT * (stepMs - this.#stepMs);
    }
    this.#lastStep = { node, value, at };
  }

  #nodeOf(id: string): NodeState | undefined {
    return this.#nodes.get(graphNodeId(this.#graph, id));
  }

  #snapshot(): ProgressSnapshot {
    let step = 0;
    let totalSteps = 0;
    for (const { steps, done } of this.#nodes.values()) {
      step += Math.round(steps * done);
      totalSteps += steps;
    }
    const percent = this.#isComplete
      ? 100
      : Math.min(MAX_UNFINISHED_PERCENT, Math.round(this.#doneShare() * 1_000) / 10);
    const etaSeconds = this.#isComplete ? 0 : Math.max(0, this.#remainingMs() / 1_000);
    return { stage: this.#stage, step, totalSteps, percent, etaSeconds };
  }

  #doneShare(): number {
    let share = 0;
    for (const { weight, done } of this.#nodes.values()) share += weight * done;
    return share;
  }

  /**
   * By measured steps as soon as there are two, else by the expectation, else by the speed so far.
   */
  #remainingMs(): number {
    const { samplingShare, totalSteps, remainingSteps, remainingOther } = this.#workLeft();
    if (this.#stepMs !== undefined && samplingShare > 0) {
      const msPerShare = totalSteps * this.#stepMs / samplingShare;
      return remainingSteps * this.#stepMs + remainingOther * msPerShare;
    }
    const elapsedMs = this.#startedAt === undefined ? 0 : this.#now() - this.#startedAt;
    if (this.#expectedMs !== undefined) return this.#expectedMs - elapsedMs;
    const done = this.#doneShare();
    const doneSinceStart = done - this.#doneAtStart;
    return doneSinceStart > 0 ? elapsedMs * (1 - done) / doneSinceStart : 0;
  }

  #workLeft() {
    const left = { samplingShare: 0, totalSteps: 0, remainingSteps: 0, remainingOther: 0 };
    for (const { steps, weight, done } of this.#nodes.values()) {
      if (steps === 0) left.remainingOther += weight * (1 - done);
      else {
        left.samplingShare += weight;
        left.totalSteps += steps;
        left.remainingSteps += steps * (1 - done);
      }
    }
    return left;
  }
}

function isSame(a: ProgressSnapshot, b: ProgressSnapshot): boolean {
  return a.stage === b.stage && a.step === b.step && a.totalSteps === b.totalSteps &&
    a.percent === b.percent;
}

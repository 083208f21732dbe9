/** How much of a run is done and what is left of it, by expected and by measured times (pure). */

import { median } from "../../node_times.ts";
import type { NodePlan } from "./plan.ts";
import type { NodeExpectation } from "./times.ts";

/** A node of a run that goes on. */
export interface NodeState extends NodePlan {
  /** What it was expected to take when the run began. */
  expected: NodeExpectation;
  /** The same in milliseconds, which is its weight: the median without the steps, and for all of these. */
  weights: { fixedMs: number; stepsMs: number };
  /** Part of it that was reported done, 0 to 1; never falls, and so the percentage does not. */
  done: number;
  /** When it began, while it runs. */
  runningSince: number | undefined;
  /** When the last step was told, by a sampler that runs. */
  steppedAt: number | undefined;
  /** Steps of this very run, and the time that they took together. */
  own: { steps: number; ms: number };
}

/** Nothing but its end says that a node is done, however long it has run. */
const MOST_BY_TIME = 0.95;

/** Steps, of this run or others, after which one is known well enough to tell one that is far out. */
const KNOWN_STEPS = 2;
/** A step counts for so many usual ones at the most, so that one hiccup does not double the time left. */
const MOST_USUAL_STEPS = 2;

/** Notes steps of this run that followed each other, and the time that they took. */
export function noteSteps(node: NodeState, steps: number, ms: number): void {
  const { own, expected } = node;
  const isKnown = own.steps + expected.worthSteps >= KNOWN_STEPS;
  const mostMs = isKnown ? steps * MOST_USUAL_STEPS * stepMsOf(node, 1) : Infinity;
  own.steps += steps;
  own.ms += Math.min(Math.max(0, ms), mostMs);
}

/**
 * Time of all nodes that counts as done, in milliseconds of their weights. This and what follows is gone
 * through with each step, by number: for each turn of a `for…of` V8 makes an object, until it knows better.
 */
export function allDoneMs(nodes: readonly NodeState[], now: number): number {
  let ms = 0;
  for (let index = 0; index < nodes.length; index += 1) ms += doneMs(nodes[index]!, now);
  return ms;
}

/** The same of one. */
function doneMs(node: NodeState, now: number): number {
  const { weights: { fixedMs, stepsMs }, steps, done } = node;
  if (done === 1) return fixedMs + stepsMs;
  const byTime = doneByTime(node, now);
  if (steps === 0) return fixedMs * Math.max(done, byTime);
  return fixedMs * (done > 0 ? 1 : byTime) + stepsMs * done;
}

/** Part of a node that should be done by now; 0 if nobody knows how long it takes. */
function doneByTime({ weights, expected, runningSince }: NodeState, now: number): number {
  if (runningSince === undefined || expected.worthSteps === 0 || weights.fixedMs === 0) return 0;
  return Math.min(MOST_BY_TIME, Math.max(0, now - runningSince) / weights.fixedMs);
}

/** Expected time until all nodes are done, in milliseconds. */
export function remainingMs(nodes: readonly NodeState[], now: number): number {
  const pace = paceOf(nodes);
  let sum = 0;
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index]!;
    if (node.done < 1) sum += fixedLeftMs(node, pace, now) + stepsLeftMs(node, pace, now);
  }
  return sum;
}

/** How this run's steps compare with the expected ones; 1 while none has been measured. */
function paceOf(nodes: readonly NodeState[]): number {
  let steps = 0;
  let sum = 0;
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index]!;
    const { own, expected } = node;
    if (own.steps === 0 || expected.stepMs === 0) continue;
    steps += own.steps;
    sum += own.steps * stepMsOf(node, 1) / expected.stepMs;
  }
  return steps === 0 ? 1 : sum / steps;
}

/** One step: what was expected moves to what is measured as steps are made. */
function stepMsOf({ own, expected }: NodeState, pace: number): number {
  const { stepMs, worthSteps } = expected;
  if (own.steps === 0) return stepMs * pace;
  return (own.ms + worthSteps * stepMs) / (own.steps + worthSteps);
}

function fixedLeftMs(node: NodeState, pace: number, now: number): number {
  const { expected, weights, steps, done, runningSince } = node;
  if (steps > 0 && done > 0) return 0;
  const scale = expected.worthSteps === 0 ? pace : 1;
  if (done > 0) return weights.fixedMs * scale * (1 - done);
  if (runningSince === undefined) return weights.fixedMs * scale;
  const elapsedMs = Math.max(0, now - runningSince);
  // One that takes longer than usual is one of those that do: of a model that must be read anew, say.
  const possible = expected.fixedMs.map((ms) => ms * scale).filter((ms) => ms > elapsedMs);
  const usual = weights.fixedMs * scale;
  const likely = elapsedMs < usual ? usual : median(possible);
  return Math.max(0, likely - elapsedMs);
}

function stepsLeftMs(node: NodeState, pace: number, now: number): number {
  if (node.steps === 0) return 0;
  const stepMs = stepMsOf(node, pace);
  const sinceMs = node.steppedAt === undefined ? 0 : Math.max(0, now - node.steppedAt);
  return node.steps * (1 - node.done) * stepMs - Math.min(stepMs, sinceMs);
}

/** What the nodes of a run are expected to take: measured times where there are some, else a share. */

import { type ExpectedNode, type ExpectedTimes, median } from "../../node_times.ts";
import { coldNodes } from "../api/model_files.ts";
import type { NodePlan } from "./plan.ts";
import type { PromptGraph } from "../types.ts";

/** Expected times of one node. */
export interface NodeExpectation {
  /** Possible times without the steps, in milliseconds; at least one. */
  readonly fixedMs: readonly number[];
  /** One step, in milliseconds. */
  readonly stepMs: number;
  /** How many steps of this run `stepMs` counts for; 0 for a guess. */
  readonly worthSteps: number;
}

/** Steps of a run that what other runs took counts for: of the same kind, and of another size or model. */
const WORTH = { exact: 2, similar: 0.5, guess: 0 };

/** Stages whose work grows with the number of pixels. */
const PIXEL_STAGES: ReadonlySet<string> = new Set(["sampling", "decoding", "post_processing"]);

/**
 * Gives the nodes of a plan their times.
 *
 * @param expected What is known from other runs; without it the unit of time is the whole run.
 * @param loaded Model files that the server has used.
 */
export function expectNodes(
  graph: PromptGraph,
  plans: ReadonlyMap<string, NodePlan>,
  expected: ExpectedTimes | undefined,
  loaded: ReadonlySet<string>,
): Map<string, NodeExpectation> {
  const cold = coldNodes(graph, loaded);
  const measured = new Map<string, NodeExpectation>();
  for (const [id, plan] of plans) {
    const className = graph[id]?.class_type ?? "";
    const node = expected && findNode(expected.nodes, id, className);
    if (node === undefined || expected === undefined) continue;
    if (plan.steps > 0 && node.stepMs === 0) continue;
    measured.set(id, readNode(node, plan, expected, cold.has(id)));
  }
  const msPerShare = unitMs(plans, measured, expected?.runMs ?? 1);
  return new Map([...plans].map(([id, plan]) => [
    id,
    measured.get(id) ?? guessNode(plan, plan.weight * msPerShare),
  ]));
}

/** The middle of what a node may take, steps included, in milliseconds. */
export function expectedMs({ fixedMs, stepMs }: NodeExpectation, steps: number): number {
  return median(fixedMs) + steps * stepMs;
}

/** A node that another request put into the graph stands for all of its class. */
function findNode(
  nodes: readonly ExpectedNode[],
  id: string,
  className: string,
): ExpectedNode | undefined {
  const alike = nodes.filter((node) => node.className === className);
  return alike.find(({ node }) => node === id) ?? alike[0];
}

function readNode(
  { coldMs, warmMs, stepMs }: ExpectedNode,
  { stage }: NodePlan,
  { exact, growth }: ExpectedTimes,
  isCold: boolean,
): NodeExpectation {
  const [wanted, other] = isCold ? [coldMs, warmMs] : [warmMs, coldMs];
  const scale = PIXEL_STAGES.has(stage) ? growth : 1;
  return {
    fixedMs: (wanted.length > 0 ? wanted : other).map((ms) => ms * scale),
    stepMs: stepMs * scale,
    worthSteps: exact ? WORTH.exact : WORTH.similar,
  };
}

function guessNode({ steps }: NodePlan, ms: number): NodeExpectation {
  if (steps === 0) return { fixedMs: [ms], stepMs: 0, worthSteps: WORTH.guess };
  return { fixedMs: [0], stepMs: ms / steps, worthSteps: WORTH.guess };
}

/** What the whole run takes if nodes that were never measured take their usual share of it. */
function unitMs(
  plans: ReadonlyMap<string, NodePlan>,
  measured: ReadonlyMap<string, NodeExpectation>,
  runMs: number,
): number {
  let ms = 0;
  let share = 0;
  for (const [id, { weight, steps }] of plans) {
    const node = measured.get(id);
    if (node === undefined) continue;
    ms += expectedMs(node, steps);
    share += weight;
  }
  return share > 0 ? ms / share : runMs;
}

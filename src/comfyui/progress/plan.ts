/**
 * What a graph will do, read before it runs: stages, steps and how much of the work each node is
 * (pure).
 */

import type { Stage } from "../../protocol/mod.ts";
import { linkSource, sourcesOf } from "../graph.ts";
import { asNumber, isObject } from "../api/json.ts";
import type { PromptGraph, PromptNode } from "../types.ts";

/** What is expected of one node. */
export interface NodePlan {
  /** What the job does while the node runs. */
  stage: Stage;
  /** True when the class tells the stage; false when it was inferred from the nodes before it. */
  isCertain: boolean;
  /** Sampler steps; 0 for nodes that do not sample. */
  steps: number;
  /** Share of the whole work; all shares add up to 1. */
  weight: number;
}

/** The stages in the order in which a plain graph passes them. */
export const STAGES: readonly Stage[] = [
  "initializing",
  "loading_models",
  "encoding",
  "sampling",
  "decoding",
  "post_processing",
];

/**
 * Share of the time that a plain run spends in each stage, in percent, for want of a measurement.
 */
const STAGE_WEIGHTS: Readonly<Record<Stage, number>> = {
  initializing: 1,
  loading_models: 10,
  encoding: 5,
  sampling: 75,
  decoding: 6,
  post_processing: 3,
};

/**
 * Links that are followed to find a number; a graph may be cyclic, since the server checks it
 * later.
 */
const MAX_HOPS = 16;

/** Makes the plan: node id → what is expected of the node. */
export function planProgress(graph: PromptGraph): Map<string, NodePlan> {
  const plans = new Map<string, NodePlan>();
  for (const [id, node] of Object.entries(graph)) {
    const stage = stageOfClass(node);
    plans.set(id, {
      stage: stage ?? inferStage(graph, id),
      isCertain: stage !== undefined,
      steps: isSampler(node) ? stepsOf(graph, node) : 0,
      weight: 0,
    });
  }
  shareWork([...plans.values()]);
  return plans;
}

/** The later one of two stages. */
export function laterStage(a: Stage, b: Stage): Stage {
  return STAGES.indexOf(b) > STAGES.indexOf(a) ? b : a;
}

/** Each stage's share goes to its nodes: to samplers by their steps, else evenly. */
function shareWork(plans: NodePlan[]): void {
  const total = STAGES.filter((stage) => plans.some((plan) => plan.stage === stage))
    .reduce((sum, stage) => sum + STAGE_WEIGHTS[stage], 0);
  for (const stage of STAGES) {
    const members = plans.filter((plan) => plan.stage === stage);
    const parts = members.map((plan) => Math.max(1, plan.steps));
    const sum = parts.reduce((a, b) => a + b, 0);
    for (const [index, plan] of members.entries()) {
      plan.weight = STAGE_WEIGHTS[stage] / total * (parts[index] ?? 0) / sum;
    }
  }
}

function stageOfClass(node: PromptNode): Stage | undefined {
  const name = node.class_type;
  if (isSampler(node)) return "sampling";
  if (/Loader/i.test(name) && !/Image.*Loader$/i.test(name)) return "loading_models";
  if (/Decode/i.test(name)) return "decoding";
  if (/Encode|^Conditioning|^CLIPSetLastLayer|^ControlNetApply/i.test(name)) return "encoding";
  if (/^Save|^Preview/i.test(name)) return "post_processing";
  return undefined;
}

/** The class name alone would take in the nodes that only choose or configure a sampler. */
export function isSampler(node: PromptNode): boolean {
  if (!/sampler/i.test(node.class_type) || !isObject(node.inputs)) return false;
  return "steps" in node.inputs || "sigmas" in node.inputs;
}

/**
 * A node of unknown class belongs to the latest stage that feeds it; after decoding that is the
 * last one.
 */
function inferStage(graph: PromptGraph, id: string): Stage {
  let stage: Stage = "initializing";
  const seen = new Set([id]);
  const queue = sourcesOf(graph, id);
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    const node = graph[source];
    if (node === undefined || seen.has(source)) continue;
    seen.add(source);
    stage = laterStage(stage, stageOfClass(node) ?? "initializing");
    queue.push(...sourcesOf(graph, source));
  }
  return stage === "decoding" ? "post_processing" : stage;
}

function stepsOf(graph: PromptGraph, node: PromptNode): number {
  const { inputs } = node;
  const steps = numberAt(graph, inputs.steps) ?? stepsOfSigmas(graph, inputs.sigmas);
  if (steps === undefined) return 1;
  const start = numberAt(graph, inputs.start_at_step) ?? 0;
  const end = Math.min(steps, numberAt(graph, inputs.end_at_step) ?? steps);
  return Math.max(1, Math.round(end - start));
}

/** The scheduler may sit behind nodes that only split or trim its sigmas. */
function stepsOfSigmas(graph: PromptGraph, sigmas: unknown): number | undefined {
  let link = sigmas;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const source = linkSource(link);
    const inputs = source === undefined ? undefined : graph[source]?.inputs;
    if (!isObject(inputs)) return undefined;
    const steps = numberAt(graph, inputs.steps);
    if (steps !== undefined) return steps;
    link = inputs.sigmas;
  }
  return undefined;
}

/** A literal number, or that of the primitive node it is linked to. */
function numberAt(graph: PromptGraph, value: unknown): number | undefined {
  let current = value;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const source = linkSource(current);
    if (source === undefined) return asNumber(current);
    const inputs = graph[source]?.inputs;
    if (!isObject(inputs)) return undefined;
    current = inputs.value;
  }
  return undefined;
}

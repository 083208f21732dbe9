/** Tells whether a request can be done, before it is queued, and makes its graph. */

import { ComfyError, JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import {
  animationPixels,
  type BindOptions,
  bindTemplate,
  checkDeliverable,
  type CheckedGraph,
  checkGraph,
  fitSeed,
  type Graph,
  type Template,
} from "../workflow/mod.ts";
import type { CheckResult } from "../executor/messages.ts";
import type { JobContext } from "./context.ts";
import type { KnownClasses } from "./nodes.ts";
import { checkPixel } from "./pixel/open.ts";
import { pixelWish } from "./pixel/wish.ts";
import { checkShape } from "./shape.ts";

/** How long the answer to a client may wait for the server, in milliseconds; a run has more time. */
const CHECK_MS = 2_000;

/** A graph that is ready to be posted. */
export interface MadeGraph {
  /** The graph. */
  readonly graph: Graph;
  /** The seed in it: a drawn one may have been brought between the limits of the nodes. */
  readonly seed: number;
}

/**
 * Chooses the workflow, tries to write the request into it, looks at its image and compares the graph
 * with the server. What cannot be known now, because the server is away, is not held against the request.
 */
export async function checkRequest(
  context: Pick<JobContext, "catalog" | "inputs" | "nodes" | "server" | "setup">,
  request: GenerateRequest,
): Promise<CheckResult> {
  try {
    checkShape(request);
    const template = context.catalog.choose(request);
    const options = { seed: request.seed ?? 0 };
    bindTemplate(template, request, options);
    await context.inputs.check(request);
    const wish = pixelWish(request, template, context.setup);
    if (wish !== undefined) await checkPixel(wish, request, context.setup);
    if (context.server.state === "ready") {
      await makeGraph(context, { template, request, options, waitMs: CHECK_MS });
    }
    const pixels = animationPixels(template, request);
    return { type: "ok", workflow: template.name, ...(pixels === undefined ? {} : { pixels }) };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const code = error.code === "model_not_found" ? error.code : "invalid_parameter";
    return { type: "refused", code, error: error.message };
  }
}

/** What a graph is made of. */
export interface GraphPlan {
  /** The workflow. */
  readonly template: Template;
  /** What was asked for. */
  readonly request: GenerateRequest;
  /** What else goes into it. */
  readonly options: BindOptions;
  /** Longest wait for what the server tells of its nodes, in milliseconds. */
  readonly waitMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a request into a workflow, with model files in the server's spelling.
 *
 * @throws {JobError} `invalid_parameter` or `model_not_found` for what the workflow has no place for or
 *   the server surely would not take.
 */
export async function makeGraph(
  { nodes }: Pick<JobContext, "nodes">,
  plan: GraphPlan,
): Promise<MadeGraph> {
  const { template, waitMs, signal } = plan;
  const made = fitted(plan);
  const names = Object.values(made.graph).map((node) => node.class_type);
  const wait = {
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(signal === undefined ? {} : { signal }),
  };
  const check = async (anew: boolean): Promise<CheckedGraph & MadeGraph & KnownClasses> => {
    const known = await nodes.describe(names, { anew, ...wait });
    const { graph, seed } = fitted(plan, known.classes, made);
    return { ...checkGraph(template, graph, known.classes, known.replacements), seed, ...known };
  };
  try {
    let checked = await check(false);
    // What is missing may have been added since.
    if (checked.problems.length > 0 && !checked.isFresh) checked = await check(true);
    const [problem] = checked.problems;
    if (problem !== undefined) throw new JobError(problem.code, problem.message);
    checkDeliverable(template.name, checked.graph, checked.classes, plan.request);
    return { graph: checked.graph, seed: checked.seed };
  } catch (error) {
    if (!(error instanceof ComfyError)) throw error;
    // ComfyUI looks at the graph itself when it gets it.
    return made;
  }
}

function fitted(
  { template, request, options }: GraphPlan,
  classes?: Parameters<typeof fitSeed>[2],
  made?: MadeGraph,
): MadeGraph {
  const isDrawn = request.seed === undefined;
  const seed = isDrawn ? fitSeed(template, options.seed, classes) : options.seed;
  if (made?.seed === seed) return made;
  return { graph: bindTemplate(template, request, { ...options, seed }), seed };
}

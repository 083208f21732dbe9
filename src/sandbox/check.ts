/** Tells whether a request can be done, before it is queued, and makes its graph. */

import { ComfyError, JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import {
  type BindOptions,
  bindTemplate,
  checkDeliverable,
  type CheckedGraph,
  checkGraph,
  type Graph,
  type Template,
} from "../workflow/mod.ts";
import type { CheckResult } from "../executor/messages.ts";
import type { JobContext } from "./context.ts";
import type { KnownClasses } from "./nodes.ts";
import { checkShape } from "./shape.ts";

/**
 * Chooses the workflow, tries to write the request into it, looks at its image and compares the graph
 * with the server. What cannot be known now, because the server is away, is not held against the request.
 */
export async function checkRequest(
  context: Pick<JobContext, "catalog" | "inputs" | "nodes" | "server">,
  request: GenerateRequest,
): Promise<CheckResult> {
  try {
    checkShape(request);
    const template = context.catalog.choose(request);
    const graph = bindTemplate(template, request, { seed: request.seed ?? 0 });
    await context.inputs.check(request);
    if (context.server.state === "ready") await spellGraph(context, template, graph, request);
    return { type: "ok", workflow: template.name };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const code = error.code === "model_not_found" ? error.code : "invalid_parameter";
    return { type: "refused", code, error: error.message };
  }
}

/**
 * Writes a request into a workflow, with model files in the server's spelling.
 *
 * @throws {JobError} `invalid_parameter` or `model_not_found` for what the workflow has no place for or
 *   the server surely would not take.
 */
export async function makeGraph(
  context: Pick<JobContext, "nodes">,
  template: Template,
  request: GenerateRequest,
  options: BindOptions,
): Promise<Graph> {
  return await spellGraph(context, template, bindTemplate(template, request, options), request);
}

async function spellGraph(
  { nodes }: Pick<JobContext, "nodes">,
  template: Template,
  graph: Graph,
  request: GenerateRequest,
): Promise<Graph> {
  const names = Object.values(graph).map((node) => node.class_type);
  const check = async (anew: boolean): Promise<CheckedGraph & KnownClasses> => {
    const known = await nodes.describe(names, { anew });
    return { ...checkGraph(template, graph, known.classes), ...known };
  };
  try {
    let checked = await check(false);
    // What is missing may have been added since.
    if (checked.problems.length > 0 && !checked.isFresh) checked = await check(true);
    const [problem] = checked.problems;
    if (problem !== undefined) throw new JobError(problem.code, problem.message);
    checkDeliverable(template.name, checked.graph, checked.classes, request);
    return checked.graph;
  } catch (error) {
    if (!(error instanceof ComfyError)) throw error;
    // ComfyUI looks at the graph itself when it gets it.
    return graph;
  }
}

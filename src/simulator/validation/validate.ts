/**
 * Validation of a prompt before it is queued, error for error as ComfyUI does it. It changes the
 * prompt: literals are converted to the types that the node classes declare.
 *
 * @module
 */

import type { Prompt, PromptNode } from "../graph.ts";
import { isObject, type Json } from "../json.ts";
import { problem, type PromptError, traceback } from "./problem.ts";
import type { Profile } from "../profile.ts";
import { contains, PythonError, str } from "../python.ts";
import { replaceNodes } from "./replacements.ts";
import { type Checked, type CheckedNode, checkInputs, type ValidationContext } from "./inputs.ts";

/** Errors of one node. */
export interface NodeErrors {
  /** The errors. */
  readonly errors: readonly PromptError[];
  /** Output nodes that cannot run because of them. */
  readonly dependent_outputs: string[];
  /** The node's class. */
  readonly class_type: string;
}

/** Result of a validation. */
export interface Verdict {
  /** Why the prompt is refused; `undefined` when it is not. */
  readonly error: PromptError | undefined;
  /** Output nodes that can run. */
  readonly outputs: string[];
  /** Errors by node; not necessarily empty when the prompt is taken. */
  readonly nodeErrors: Record<string, NodeErrors>;
}

/**
 * Validates a prompt and converts its literals in place.
 *
 * @throws {PythonError} where the real server fails with status 500.
 */
export async function validatePrompt(
  prompt: Json,
  targets: Json,
  context: ValidationContext,
): Promise<Verdict> {
  if (context.profile.replacesNodes) {
    checkForm(prompt);
    replaceNodes(prompt as Prompt, context.catalogue);
  }
  const outputs = findOutputs(prompt, targets, context);
  if (!Array.isArray(outputs)) return refuse(outputs);
  if (outputs.length === 0) {
    return refuse(problem("prompt_no_outputs", "Prompt has no outputs", ""));
  }
  return await checkOutputs(prompt as Prompt, outputs, context);
}

/** Versions that replace nodes look into every node first, and fail on what is none. */
function checkForm(prompt: Json): void {
  if (!isObject(prompt)) throw new PythonError("AttributeError", "no attribute 'items'");
  for (const node of Object.values(prompt)) {
    if (!isObject(node)) throw new PythonError("TypeError", "not iterable");
    if (contains(node, "class_type") && contains(node, "inputs") && !isObject(node.inputs)) {
      throw new PythonError("AttributeError", "no attribute 'items'");
    }
  }
}

function refuse(error: PromptError): Verdict {
  return { error, outputs: [], nodeErrors: {} };
}

function findOutputs(
  prompt: Json,
  targets: Json,
  { catalogue, profile }: ValidationContext,
): string[] | PromptError {
  const outputs: string[] = [];
  for (const [id, node] of nodesOf(prompt)) {
    if (!contains(node, "class_type")) return missingClass(id, node, profile);
    const type = (node as PromptNode).class_type as Json;
    const info = catalogue.find(type);
    if (info === undefined) return unknownClass(id, node as PromptNode, profile);
    if (info.output_node && isTarget(id, targets)) outputs.push(id);
  }
  return outputs;
}

/** Iterating over anything but an object ends in an exception, unless there is nothing to iterate over. */
function nodesOf(prompt: Json): [string, Json][] {
  if (typeof prompt === "object" && prompt !== null && !Array.isArray(prompt)) {
    return Object.entries(prompt);
  }
  if ((Array.isArray(prompt) || typeof prompt === "string") && prompt.length === 0) return [];
  throw new PythonError("TypeError", "the prompt is not an object");
}

function isTarget(id: string, targets: Json): boolean {
  return targets === null || contains(targets, id);
}

function missingClass(id: string, node: Json, { unknownNode }: Profile): PromptError {
  const details = `Node ID '#${id}'`;
  if (unknownNode === "invalid_prompt") {
    const message = "Cannot execute because a node is missing the class_type property.";
    return problem(unknownNode, message, details);
  }
  const title = titleOf(node);
  return problem(
    unknownNode,
    `Node '${str(title ?? `ID #${id}`)}' has no class_type. ` +
      "The workflow may be corrupted or a custom node is missing.",
    details,
    { node_id: id, class_type: null, node_title: title },
  );
}

function titleOf(node: Json): Json {
  const meta = isObject(node) ? node._meta : undefined;
  return isObject(meta) ? meta.title ?? null : null;
}

function unknownClass(id: string, node: PromptNode, { unknownNode }: Profile): PromptError {
  const type = str(node.class_type);
  const title = titleOf(node) ?? type;
  const isNew = unknownNode === "missing_node_type";
  return problem(
    unknownNode,
    isNew
      ? `Node '${str(title)}' not found. The custom node may not be installed.`
      : `Cannot execute because node ${type} does not exist.`,
    `Node ID '#${id}'`,
    isNew ? { node_id: id, class_type: type, node_title: title } : {},
  );
}

async function checkOutputs(
  prompt: Prompt,
  outputs: string[],
  context: ValidationContext,
): Promise<Verdict> {
  const good: string[] = [];
  const details: string[] = [];
  const nodeErrors: Record<string, NodeErrors> = {};
  const checked: Checked = new Map();
  for (const id of outputs) {
    const { valid, errors } = await checkOutput(prompt, id, checked, context);
    if (valid) {
      good.push(id);
      continue;
    }
    details.push(...errors.map((error) => `${error.message}: ${error.details}`));
    collectErrors(prompt, id, checked, nodeErrors);
  }
  if (good.length > 0) return { error: undefined, outputs: good, nodeErrors };
  const error = problem(
    "prompt_outputs_failed_validation",
    "Prompt outputs failed validation",
    details.join("\n"),
  );
  return { error, outputs: [], nodeErrors };
}

async function checkOutput(
  prompt: Prompt,
  id: string,
  checked: Checked,
  context: ValidationContext,
): Promise<CheckedNode> {
  try {
    return await checkInputs(prompt, id, checked, context);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const failure = problem(
      "exception_during_validation",
      "Exception when validating node",
      error.message,
      { exception_type: error.pythonType, traceback: traceback() },
    );
    const result = { valid: false, errors: [failure] };
    checked.set(id, result);
    return result;
  }
}

/** Every failed node known so far is blamed, even one that only concerned an earlier output. */
function collectErrors(
  prompt: Prompt,
  output: string,
  checked: Checked,
  nodeErrors: Record<string, NodeErrors>,
): void {
  for (const [id, { valid, errors }] of checked) {
    if (valid || errors.length === 0) continue;
    const entry = nodeErrors[id] ??= {
      errors,
      dependent_outputs: [],
      class_type: prompt[id]?.class_type ?? "",
    };
    entry.dependent_outputs.push(output);
  }
}

/** Turns ComfyUI's refusal of a graph into a sentence that a person can act on (pure). */

import { writeJson } from "../../exact_json.ts";
import { ComfyError } from "../../errors.ts";
// Not by `mod.ts`: that would load zod and all schemas into each isolate, 10 MB.
import { nearestNames } from "../../protocol/names.ts";
import { describeNode } from "../graph.ts";
import { asArray, asObject, asStrings, asText, isObject, type JsonObject } from "./json.ts";
import type { PromptGraph } from "../types.ts";

const MAX_PROBLEMS = 5;
const MAX_OPTIONS = 10;
const MAX_VALUE_CHARS = 100;

/** The error for a refused prompt, from the body of the answer and the graph that was sent. */
export function rejectedError(body: unknown, graph: PromptGraph, status?: number): ComfyError {
  const { problems, nodeId } = readProblems(asObject(body), graph);
  const shown = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return new ComfyError("rejected", `ComfyUI refused the workflow: ${shown.join("; ")}`, {
    ...(status === undefined ? {} : { status }),
    ...(nodeId === undefined ? {} : { nodeId }),
  });
}

/** True when an answer, even one of success, names nodes that will not run. */
export function hasNodeErrors(body: unknown): boolean {
  return Object.keys(asObject(asObject(body).node_errors)).length > 0;
}

interface Problems {
  problems: string[];
  nodeId: string | undefined;
}

function readProblems(body: JsonObject, graph: PromptGraph): Problems {
  const nodes = Object.entries(asObject(body.node_errors));
  const problems = nodes.flatMap(([id, node]) => nodeProblems(id, asObject(node), graph));
  if (problems.length > 0) return { problems, nodeId: nodes[0]?.[0] };
  return graphProblem(body.error, graph);
}

function nodeProblems(id: string, node: JsonObject, graph: PromptGraph): string[] {
  const name = describeNode(graph, id, asText(node.class_type));
  return asArray(node.errors).filter(isObject).map((error) => {
    return `${name}: ${inputProblem(error, graph)}`;
  });
}

/** What is wrong with the graph as a whole. */
function graphProblem(error: unknown, graph: PromptGraph): Problems {
  if (!isObject(error)) {
    return { problems: [plain(asText(error) ?? "no reason given")], nodeId: undefined };
  }
  const extra = asObject(error.extra_info);
  const details = asText(error.details) ?? "";
  const nodeId = asText(extra.node_id) ?? /^Node ID '#(.*)'$/.exec(details)?.[1];
  return { problems: [describeGraphError(error, details, nodeId, graph)], nodeId };
}

function describeGraphError(
  error: JsonObject,
  details: string,
  nodeId: string | undefined,
  graph: PromptGraph,
): string {
  const message = asText(error.message) ?? "no reason given";
  const missing = missingClass(error, message);
  if (missing !== undefined) {
    const where = nodeId === undefined ? "" : `, which ${describeNode(graph, nodeId)} needs`;
    return `the server lacks the node type '${missing}'${where}; install it there`;
  }
  switch (error.type) {
    case "invalid_prompt":
      return `${plain(message)}${nodeId === undefined ? "" : ` (node ${nodeId})`}; ` +
        "export the workflow in API format";
    case "prompt_no_outputs":
      return "it has no output node; add one such as SaveImage";
    case "prompt_outputs_failed_validation":
      if (details === "") return "none of its outputs can be computed; look for a cycle of nodes";
  }
  return details === "" || details === message ? plain(message) : `${plain(message)}: ${details}`;
}

/** Newer servers say `missing_node_type`; older ones name the class in an `invalid_prompt`. */
function missingClass(error: JsonObject, message: string): string | undefined {
  const named = asText(asObject(error.extra_info).class_type);
  if (error.type === "missing_node_type" && named !== undefined) return named;
  return /because node (.+) does not exist/.exec(message)?.[1] ??
    /^Node '(.+)' not found/.exec(message)?.[1];
}

/** What is wrong with one input of a node. */
function inputProblem(error: JsonObject, graph: PromptGraph): string {
  const extra = asObject(error.extra_info);
  const input = asText(extra.input_name) ?? "an input";
  const value = quote(extra.received_value);
  const [type, limits] = asArray(extra.input_config);
  switch (error.type) {
    case "required_input_missing":
      return `${input} is missing`;
    case "bad_linked_input":
      return `${input} must be a link [node id, output index], not ${value}`;
    case "return_type_mismatch":
      return typeMismatch(input, extra, graph);
    case "invalid_input_type":
      return `${input} ${value} is no ${spell(type ?? "valid value")}`;
    case "value_smaller_than_min":
      return `${input} ${value} is below the minimum ${quote(asObject(limits).min)}`;
    case "value_bigger_than_max":
      return `${input} ${value} is above the maximum ${quote(asObject(limits).max)}`;
    case "value_not_in_list":
      return notInList(input, extra, asText(error.details) ?? "");
    case "exception_during_inner_validation":
      return brokenLink(input, extra, graph) ?? otherProblem(error, extra);
    case "dependency_cycle":
      return `it is part of a cycle: ${asStrings(extra.cycle_nodes).join(", ")}`;
    default:
      return otherProblem(error, extra);
  }
}

function typeMismatch(input: string, extra: JsonObject, graph: PromptGraph): string {
  const [wanted] = asArray(extra.input_config);
  const [source] = asArray(extra.linked_node);
  const from = typeof source === "string" ? ` of ${describeNode(graph, source)}` : "";
  return `${input} takes ${spell(wanted)}, but is linked to a ${spell(extra.received_type)}${from}`;
}

function notInList(input: string, extra: JsonObject, details: string): string {
  const what = `${input} ${quote(extra.received_value)} is not available`;
  const options = optionsOf(extra.input_config);
  if (options === undefined) {
    const length = /list of length (\d+)/.exec(details)?.[1];
    return length === undefined ? what : `${what}; the server has ${length} others`;
  }
  if (options.length === 0) return `${what}; the server has none at all`;
  const meant = nearestNames(spell(extra.received_value), options, 1)[0];
  const listed = options.slice(0, MAX_OPTIONS).join(", ");
  const more = options.length > MAX_OPTIONS ? ` and ${options.length - MAX_OPTIONS} more` : "";
  const hint = meant === undefined ? "" : ` (did you mean '${meant}'?)`;
  return `${what}${hint}; available: ${listed}${more}`;
}

/** The choices: `[[…], {}]` of old nodes, `["COMBO", { options: […] }]` of new ones. */
function optionsOf(config: unknown): string[] | undefined {
  const [type, settings] = asArray(config);
  const options = Array.isArray(type) ? type : asObject(settings).options;
  return Array.isArray(options) ? options.map(String) : undefined;
}

/** A link to a node that is not in the graph shows as a KeyError with its id. */
function brokenLink(input: string, extra: JsonObject, graph: PromptGraph): string | undefined {
  const [source] = asArray(extra.linked_node);
  if (typeof source !== "string" || Object.hasOwn(graph, source)) return undefined;
  return `${input} is linked to node ${source}, which the workflow does not have`;
}

function otherProblem(error: JsonObject, extra: JsonObject): string {
  const details = asText(error.details) ?? "";
  const exception = asText(extra.exception_type);
  const message = plain(asText(error.message) ?? "no reason given");
  const told = [exception, details].filter((part) => part !== undefined && part !== "").join(": ");
  return told === "" ? message : `${message}: ${told}`;
}

/** A text as it is, anything else as JSON: `String()` throws for an object with a field `toString`. */
function spell(value: unknown): string {
  return asText(value) ?? writeJson(value) ?? "nothing";
}

function quote(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = typeof value === "string" ? `'${value}'` : writeJson(value) ?? "nothing";
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text;
}

function plain(text: string): string {
  return text.trim().replace(/\.$/, "");
}

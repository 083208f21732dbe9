/**
 * Validation of one node's inputs and of everything upstream of it.
 *
 * @module
 */

import type { Catalogue, InputSpec, NodeInfo } from "./catalogue.ts";
import type { Prompt, PromptNode } from "../graph.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { configOf, problem, type PromptError, traceback } from "./problem.ts";
import type { Profile } from "../profile.ts";
import { PythonError, repr, str, typeName } from "../python.ts";
import { type DeclaredInput, declaredInputs } from "./declared.ts";
import { checkLiteral } from "./literal.ts";

/** What validation needs to know. */
export interface ValidationContext {
  /** The node classes. */
  readonly catalogue: Catalogue;
  /** The version imitated. */
  readonly profile: Profile;
  /** Tells whether an input file exists. */
  inputFileExists(name: string): Promise<boolean>;
}

/** Results by node id, in the order in which they became known. */
export type Checked = Map<string, CheckedNode>;

/** Result for one node. Invalid without errors: something upstream is at fault. */
export interface CheckedNode {
  /** True when the node and everything upstream can run. */
  readonly valid: boolean;
  /** Errors of the node itself. */
  readonly errors: readonly PromptError[];
}

interface InputCheck {
  readonly prompt: Prompt;
  readonly checked: Checked;
  readonly context: ValidationContext;
  /** Class of the node. */
  readonly type: string;
  /** Its inputs, which conversions replace. */
  readonly inputs: JsonObject;
  /** Errors found so far. */
  readonly errors: PromptError[];
  /** Becomes false when something upstream is invalid. */
  upstreamIsValid: boolean;
}

/** Type of inputs and outputs that take whatever the others of their node are. */
const MATCH_TYPE = "COMFY_MATCHTYPE_V3";

/** Nodes whose check has begun, to notice a cycle. */
const CYCLE: CheckedNode = { valid: false, errors: [] };

/**
 * Checks a node and everything upstream of it; results are noted in `checked`.
 *
 * @throws {PythonError} where ComfyUI's own code fails on a malformed node.
 */
export async function checkInputs(
  prompt: Prompt,
  id: string,
  checked: Checked,
  context: ValidationContext,
): Promise<CheckedNode> {
  const known = checked.get(id);
  if (known !== undefined) return known === CYCLE ? cycle(prompt, id, checked, context) : known;
  const node = member(prompt, id) as JsonObject;
  const inputs = member(node, "inputs");
  const type = node.class_type as string;
  const info = context.catalogue.find(type) as NodeInfo;
  if (!isObject(inputs)) throw notSubscriptable(inputs);
  const check: InputCheck = {
    prompt,
    checked,
    context,
    type,
    inputs,
    errors: [],
    upstreamIsValid: true,
  };
  checked.set(id, CYCLE);
  try {
    for (const [name, input] of declaredInputs(info, inputs)) {
      if (input.isUnchecked !== true) await checkInput(check, name, input);
    }
    if (type === "LoadImage") await checkFile(check);
  } catch (error) {
    checked.delete(id);
    throw error;
  }
  return note(id, check);
}

/** A result found meanwhile (a cycle that was named) must not be overwritten by an empty one. */
function note(id: string, check: InputCheck): CheckedNode {
  const { checked, errors, upstreamIsValid } = check;
  const earlier = checked.get(id);
  const cycleErrors = earlier === undefined || earlier === CYCLE ? [] : earlier.errors;
  const all = [...errors, ...cycleErrors];
  const result = { valid: all.length === 0 && upstreamIsValid, errors: all };
  checked.delete(id);
  checked.set(id, result);
  return result;
}

/** Old versions run into Python's recursion limit and end up with an invalid prompt without errors. */
function cycle(
  prompt: Prompt,
  id: string,
  checked: Checked,
  { profile }: ValidationContext,
): CheckedNode {
  if (!profile.namesCycles) return CYCLE;
  const open = [...checked].filter(([, result]) => result === CYCLE).map(([node]) => node);
  const nodes = open.slice(open.indexOf(id));
  const path = [...nodes, id]
    .map((node) => `${node} (${str((prompt[node] as PromptNode).class_type)})`)
    .join(" -> ");
  for (const node of nodes) {
    const error = problem("dependency_cycle", "Dependency cycle detected", path, {
      node_id: node,
      cycle_nodes: nodes,
    });
    checked.set(node, { valid: false, errors: [error] });
  }
  return checked.get(id) as CheckedNode;
}

async function checkInput(
  check: InputCheck,
  name: string,
  { spec: declared, isRequired }: DeclaredInput,
): Promise<void> {
  const { context, type, inputs, errors } = check;
  // Only the catalogue knows the choices that are files.
  const spec = context.catalogue.input(type, name) ?? declared;
  const value = inputs[name];
  if (value === undefined) {
    if (isRequired) errors.push(missing(name));
  } else if (Array.isArray(value)) {
    await checkLink(check, name, spec, value);
  } else {
    const result = checkLiteral(name, spec, value, type === "LoadImage");
    if (result.type === "error") errors.push(result.error);
    if (result.value !== undefined) inputs[name] = result.value;
  }
}

function missing(name: string): PromptError {
  const shortName = name.slice(name.lastIndexOf(".") + 1);
  return problem("required_input_missing", "Required input is missing", shortName, {
    input_name: name,
  });
}

async function checkLink(
  check: InputCheck,
  name: string,
  spec: InputSpec,
  link: Json[],
): Promise<void> {
  const { prompt, checked, context, errors } = check;
  const inputType = linkType(spec);
  const facts = { input_name: name, input_config: configOf(spec) };
  if (link.length !== 2) {
    const message = "Bad linked input, must be a length-2 list of [node_id, slot_index]";
    errors.push(problem("bad_linked_input", message, name, { ...facts, received_value: link }));
    return;
  }
  const [source, slot] = link as [Json, Json];
  const received = outputType(check, source, slot);
  if (!typesOverlap(received, inputType)) {
    const details = `${name}, received_type(${received}) mismatch input_type(${str(inputType)})`;
    errors.push(problem(
      "return_type_mismatch",
      "Return type mismatch between linked nodes",
      details,
      { ...facts, received_type: received, linked_node: link },
    ));
    return;
  }
  try {
    const upstream = await checkInputs(prompt, source as string, checked, context);
    if (!upstream.valid) check.upstreamIsValid = false;
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    check.upstreamIsValid = false;
    const failure = innerFailure(error, { ...facts, linked_node: link });
    checked.set(source as string, { valid: false, errors: [failure] });
  }
}

function innerFailure(error: PythonError, facts: JsonObject): PromptError {
  return problem(
    "exception_during_inner_validation",
    "Exception when validating inner node",
    error.message,
    {
      ...facts,
      exception_message: error.message,
      exception_type: error.pythonType,
      traceback: traceback(),
    },
  );
}

function outputType({ prompt, context }: InputCheck, source: Json, slot: Json): string {
  const node = member(prompt, source) as JsonObject;
  const outputs = (context.catalogue.find(node.class_type) as NodeInfo).output;
  const index = typeof slot === "boolean" ? Number(slot) : slot;
  if (typeof index !== "number" || !Number.isInteger(index)) {
    const message = `tuple indices must be integers or slices, not ${typeName(slot)}`;
    throw new PythonError("TypeError", message);
  }
  const type = outputs.at(index);
  if (type === undefined) throw new PythonError("IndexError", "tuple index out of range");
  return type;
}

/** An input that must match others names the types that it takes in its template. */
function linkType([type, options]: InputSpec): string | Json[] {
  const template = options?.template;
  return type === MATCH_TYPE && isObject(template) ? String(template.allowed_types) : type;
}

/** Types are texts that may name several, joined by commas; a list of choices matches no type. */
function typesOverlap(received: string, wanted: string | Json[]): boolean {
  if (typeof wanted !== "string") return false;
  if (received === MATCH_TYPE || received === "*" || wanted === "*") return true;
  const accepted = wanted.split(",").map((type) => type.trim());
  return received.split(",").some((type) => accepted.includes(type.trim()));
}

/** `LoadImage` looks for its file itself, in place of the check against its choices. */
async function checkFile({ inputs, context, errors }: InputCheck): Promise<void> {
  const image = inputs.image;
  if (image === undefined) {
    throw new PythonError(
      "TypeError",
      "LoadImage.VALIDATE_INPUTS() missing 1 required positional argument: 'image'",
    );
  }
  if (typeof image !== "string") {
    const type = Array.isArray(image) ? "NoneType" : typeName(image);
    throw new PythonError("AttributeError", `'${type}' object has no attribute 'endswith'`);
  }
  if (await context.inputFileExists(image)) return;
  errors.push(problem(
    "custom_validation_failed",
    "Custom validation failed for node",
    `image - Invalid image file: ${image}`,
    { input_name: "image" },
  ));
}

function member(object: Json, key: Json): Json {
  if (Array.isArray(key) || isObject(key)) {
    throw new PythonError("TypeError", `unhashable type: '${typeName(key)}'`);
  }
  const found = isObject(object) && typeof key === "string" && Object.hasOwn(object, key)
    ? object[key]
    : undefined;
  if (found === undefined) throw new PythonError("KeyError", repr(key));
  return found;
}

function notSubscriptable(value: Json): PythonError {
  return new PythonError("TypeError", `argument of type '${typeName(value)}' is not iterable`);
}

/** What a server tells of its node classes (`GET /object_info`), as far as checks need it. Pure. */

import { plain, quote } from "../quote.ts";

/** Node classes of a server by name, as it describes them; those that it lacks are missing. */
export type NodeClasses = Readonly<Record<string, unknown>>;

/** What a link brings or an input takes: names of types, or a list of choices of the older kind. */
export type LinkType = string | readonly unknown[];

/** Type of a choice that brings inputs of its own. */
export const DYNAMIC_CHOICE = "COMFY_DYNAMICCOMBO_V3";

/** What an input of a class takes. */
export interface InputSpec {
  /** ComfyUI's name of the type; `COMBO` for a choice. */
  readonly type: string;
  /** The same, as a link sees it. */
  readonly taken: LinkType;
  /** What can be chosen, where that is known. */
  readonly choices?: readonly unknown[];
  /** Least number. */
  readonly min?: number | bigint;
  /** Largest number. */
  readonly max?: number | bigint;
  /** True for a choice among uploaded files, of which a server lists only some. */
  readonly isUpload: boolean;
  /** All else that stands there. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Reads one declaration, `[type, options]`; undefined for what is none. */
export function readSpec(spec: unknown): InputSpec | undefined {
  if (!Array.isArray(spec)) return undefined;
  const [type, options] = [spec[0] as unknown, record(spec[1])];
  const { min, max } = options;
  // Classes of the newer kind have their choices among the options.
  const choices = type === "COMBO" ? options["options"] : type;
  const name = Array.isArray(type) ? "COMBO" : plain(type);
  const named = name === "COMFY_MATCHTYPE_V3" ? allowedTypes(options) : name;
  return {
    type: named,
    taken: Array.isArray(type) ? type : named,
    ...(Array.isArray(choices) ? { choices } : {}),
    ...(typeof min === "number" ? { min: exactLimit(min) } : {}),
    ...(typeof max === "number" ? { max: exactLimit(max) } : {}),
    isUpload: Object.keys(options).some((key) => key.endsWith("_upload")),
    options,
  };
}

/** What an input takes; undefined if the class has none of this name. */
export function inputSpec(info: unknown, input: string): InputSpec | undefined {
  const inputs = record(record(info)["input"]);
  return readSpec(record(inputs["required"])[input] ?? record(inputs["optional"])[input]);
}

/** Whether ComfyUI runs nodes of a class for their own sake. One that does not tell counts as such. */
export function isOutput(info: unknown): boolean {
  return record(info)["output_node"] !== false;
}

/** Whether the server tells what a class takes. */
export function isDeclared(info: unknown): boolean {
  const { input } = record(info);
  return typeof input === "object" && input !== null;
}

/** Types of the outputs, in their order. */
export function outputTypes(info: unknown): LinkType[] {
  const outputs = record(info)["output"];
  if (!Array.isArray(outputs)) return [];
  return outputs.map((type) => Array.isArray(type) ? type : plain(type));
}

/**
 * Whether ComfyUI lets an output of one type into an input of another: one that both name
 * (`validate_node_input` in its `comfy_execution/validation.py`, tried on 0.33.0). It converts no linked
 * value, not even INT to FLOAT or a text to a choice; of choices it compares the lists.
 */
export function accepts(taken: LinkType, given: LinkType): boolean {
  if (taken === given || taken === "*" || given === "*") return true;
  if (typeof taken !== "string") return typeof given !== "string" && quote(taken) === quote(given);
  if (typeof given !== "string") return taken === "COMBO";
  const [inputs, outputs] = [namesIn(taken), namesIn(given)];
  // A choice with inputs of its own can only be made in the graph.
  if (taken === DYNAMIC_CHOICE && !outputs.some(isOpen)) return false;
  if ([...inputs, ...outputs].some(isOpen)) return true;
  return outputs.some((type) => inputs.includes(type));
}

function isOpen(type: string): boolean {
  return type === "*" || type.startsWith("COMFY_");
}

/** A type in a message. */
export function typeName(type: LinkType): string {
  return typeof type === "string" ? type : "COMBO";
}

function namesIn(types: string): string[] {
  return types.split(",").map((type) => type.trim());
}

function allowedTypes(options: Readonly<Record<string, unknown>>): string {
  return plain(record(options["template"])["allowed_types"] ?? "*");
}

/** 2^64 − 1 and its like come rounded up to the power of two. */
function exactLimit(limit: number): number | bigint {
  if (!Number.isInteger(limit) || Number.isSafeInteger(limit)) return limit;
  return limit > 0 && Number.isInteger(Math.log2(limit)) ? BigInt(limit) - 1n : BigInt(limit);
}

/** A value as an object; empty for anything else. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

/** What a server tells of its node classes (`GET /object_info`), as far as checks need it. Pure. */

import { plain } from "../quote.ts";

/** Node classes of a server by name, as it describes them; those that it lacks are missing. */
export type NodeClasses = Readonly<Record<string, unknown>>;

/** What an input of a class takes. */
export interface InputSpec {
  /** ComfyUI's name of the type; `COMBO` for a choice. */
  readonly type: string;
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
  return {
    type: name === "COMFY_MATCHTYPE_V3" ? allowedTypes(options) : name,
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

/** Types of the outputs, in their order; a choice is a `COMBO`. */
export function outputTypes(info: unknown): string[] {
  const outputs = record(info)["output"];
  if (!Array.isArray(outputs)) return [];
  return outputs.map((type) => Array.isArray(type) ? "COMBO" : plain(type));
}

/**
 * Whether ComfyUI lets an output of one type into an input of another: one that both name
 * (`validate_node_input` in its `comfy_execution/validation.py`). It converts no linked value, not even
 * INT to FLOAT. Of choices it compares the lists, which are not told of outputs, so that they pass.
 */
export function accepts(input: string, output: string): boolean {
  const [taken, given] = [input, output].map((types) =>
    types.split(",").map((type) => type.trim())
  );
  if (taken === undefined || given === undefined) return false;
  if ([...taken, ...given].some((type) => type === "*" || type.startsWith("COMFY_"))) return true;
  if (given.some((type) => taken.includes(type))) return true;
  return [...taken, ...given].includes("COMBO") && [...taken, ...given].includes("STRING");
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

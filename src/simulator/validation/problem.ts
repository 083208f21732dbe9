/**
 * The form of validation errors.
 *
 * @module
 */

import type { InputSpec } from "./catalogue.ts";
import type { Json, JsonObject } from "../json.ts";

/** The `error` of a refused prompt, and the form of every error within `node_errors`. */
export interface PromptError {
  /** Stable name of the error. */
  readonly type: string;
  /** The error in words. */
  readonly message: string;
  /** What it is about. */
  readonly details: string;
  /** Further facts. */
  readonly extra_info: JsonObject;
}

/** Creates an error. */
export function problem(
  type: string,
  message: string,
  details: string,
  extraInfo: JsonObject = {},
): PromptError {
  return { type, message, details, extra_info: extraInfo };
}

/** The declaration in the two-element form that errors quote. */
export function configOf([type, options = {}]: InputSpec): Json[] {
  return [type, options];
}

/** A stand-in for the stack of the Python program, whose paths and lines mean nothing to a client. */
export function traceback(): Json[] {
  return [
    '  File "/opt/ComfyUI/execution.py", line 1013, in validate_prompt\n' +
    "    m = await validate_inputs(prompt_id, prompt, o, validated)\n",
  ];
}

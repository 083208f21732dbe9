/**
 * Validation and conversion of one literal.
 *
 * @module
 */

import type { InputSpec } from "./catalogue.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { configOf, problem, type PromptError } from "./problem.ts";
import { floatText, PythonError, repr, str, toBool, toFloat, toInt } from "../python.ts";

/** Result of the check. `value`, if there is one, replaces the literal even beside an error. */
export type LiteralCheck =
  | { readonly type: "ok"; readonly value?: Json }
  | { readonly type: "error"; readonly value?: Json; readonly error: PromptError };

/** More choices than this are not repeated in an error. */
const CHOICES_SHOWN = 20;

/** Checks a literal. `ownCheck` is true for inputs that their node class validates by itself. */
export function checkLiteral(
  name: string,
  spec: InputSpec,
  literal: Json,
  ownCheck: boolean,
): LiteralCheck {
  const value = isObject(literal) && literal.__value__ !== undefined ? literal.__value__ : literal;
  const converted = convert(name, spec, value);
  if (converted.type === "error" || ownCheck) return converted;
  const error = rangeError(name, spec, converted.value) ??
    choiceError(name, spec, converted.value);
  return error ? { type: "error", value: converted.value, error } : converted;
}

function convert(
  name: string,
  spec: InputSpec,
  value: Json,
): { type: "ok"; value: Json } | { type: "error"; value: Json; error: PromptError } {
  try {
    return { type: "ok", value: coerce(spec[0], value) };
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const failure = problem(
      "invalid_input_type",
      `Failed to convert an input value to a ${str(spec[0])} value`,
      `${name}, ${str(value)}, ${error.message}`,
      { ...factsOf(name, spec, value), exception_message: error.message },
    );
    return { type: "error", value, error: failure };
  }
}

function coerce(type: string | Json[], value: Json): Json {
  switch (type) {
    case "INT":
      return toInt(value);
    case "FLOAT":
      return toFloat(value);
    case "STRING":
      return str(value);
    case "BOOLEAN":
      return toBool(value);
    default:
      return value;
  }
}

function rangeError(name: string, spec: InputSpec, value: Json): PromptError | undefined {
  const { min, max } = spec[1] ?? {};
  if (!isNumber(value)) return undefined;
  const text = spec[0] === "FLOAT" ? floatText : String;
  if (isNumber(min) && value < min) {
    const message = `Value ${text(value)} smaller than min of ${text(min)}`;
    return problem("value_smaller_than_min", message, name, factsOf(name, spec, value));
  }
  if (isNumber(max) && value > max) {
    const message = `Value ${text(value)} bigger than max of ${text(max)}`;
    return problem("value_bigger_than_max", message, name, factsOf(name, spec, value));
  }
  return undefined;
}

function choiceError(name: string, spec: InputSpec, value: Json): PromptError | undefined {
  const choices = spec[0] === "COMBO" ? spec[1]?.options : spec[0];
  if (!Array.isArray(choices) || choices.includes(value)) return undefined;
  const isLong = choices.length > CHOICES_SHOWN;
  const shown = isLong ? `(list of length ${choices.length})` : repr(choices);
  const facts = factsOf(name, spec, value);
  return problem(
    "value_not_in_list",
    "Value not in list",
    `${name}: '${str(value)}' not in ${shown}`,
    isLong ? { ...facts, input_config: null } : facts,
  );
}

function isNumber(value: Json | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function factsOf(name: string, spec: InputSpec, value: Json): JsonObject {
  return { input_name: name, input_config: configOf(spec), received_value: value };
}

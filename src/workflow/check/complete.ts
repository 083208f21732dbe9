/** Gives a node the inputs that belong to a choice which a request made. Pure. */

import { isLink } from "../graph.ts";
import { declaredInputs } from "./declared.ts";
import { DYNAMIC_CHOICE, type InputSpec } from "./node_info.ts";

/**
 * Completes the inputs below each choice that differs from the file's: those of the other choice go, and
 * what is missing or cannot be chosen any more gets the server's default. The server itself looks at
 * such a choice only when the node runs.
 */
export function completeChoice(
  inputs: Record<string, unknown>,
  before: Readonly<Record<string, unknown>>,
  info: unknown,
): void {
  const changed = declaredInputs(info, inputs).filter(({ name, spec }) =>
    spec.type === DYNAMIC_CHOICE && !isLink(inputs[name]) && inputs[name] !== before[name]
  ).map(({ name }) => name);
  // A default may be a choice with inputs of its own.
  for (const choice of changed) changed.push(...completeOne(inputs, choice, info));
}

/** Completes what is below one choice; returns the choices among that which it has set. */
function completeOne(inputs: Record<string, unknown>, choice: string, info: unknown): string[] {
  const below = `${choice}.`;
  const declared = declaredInputs(info, inputs).filter(({ name }) => name.startsWith(below));
  const names = new Set(declared.map(({ name }) => name));
  const isKept = (name: string) =>
    // Below another choice, that one decides.
    names.has(name) ||
    declared.some(({ name: inner, spec }) =>
      spec.type === DYNAMIC_CHOICE && name.startsWith(`${inner}.`)
    );
  for (const name of Object.keys(inputs)) {
    if (name.startsWith(below) && !isKept(name)) delete inputs[name];
  }
  const set: string[] = [];
  for (const { name, spec, isRequired } of declared) {
    const value = inputs[name];
    const isGood = name in inputs && (isLink(value) || spec.choices?.includes(value) !== false);
    const standard = defaultOf(spec);
    if (isGood || !(isRequired || name in inputs) || standard === undefined) continue;
    inputs[name] = standard;
    if (spec.type === DYNAMIC_CHOICE) set.push(name);
  }
  return set;
}

/** What the editor gives to those that declare no default of their own. */
const USUAL: Readonly<Record<string, unknown>> = { INT: 0, FLOAT: 0, BOOLEAN: false, STRING: "" };

function defaultOf({ type, options, choices, min }: InputSpec): unknown {
  const usual = Object.hasOwn(USUAL, type) ? USUAL[type] : undefined;
  return options["default"] ?? choices?.[0] ?? (typeof usual === "number" ? min : undefined) ??
    usual;
}

/** Gives a node the inputs that belong to a choice which a request made. Pure. */

import { isLink } from "../graph.ts";
import { declaredInputs } from "./declared.ts";
import type { InputSpec } from "./node_info.ts";

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
    spec.type === "COMFY_DYNAMICCOMBO_V3" && inputs[name] !== before[name]
  );
  for (const { name: choice } of changed) {
    const declared = declaredInputs(info, inputs).filter(({ name }) =>
      name.startsWith(`${choice}.`)
    );
    const names = new Set(declared.map(({ name }) => name));
    for (const name of Object.keys(inputs)) {
      if (name.startsWith(`${choice}.`) && !names.has(name)) delete inputs[name];
    }
    for (const { name, spec, isRequired } of declared) {
      const value = inputs[name];
      const isGood = name in inputs && (isLink(value) || spec.choices?.includes(value) !== false);
      const standard = defaultOf(spec);
      if (!isGood && (isRequired || name in inputs) && standard !== undefined) {
        inputs[name] = standard;
      }
    }
  }
}

function defaultOf({ options, choices }: InputSpec): unknown {
  return options["default"] ?? choices?.[0];
}

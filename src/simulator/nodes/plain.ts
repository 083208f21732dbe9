/**
 * Nodes of newer versions for texts and numbers, and those that choose or show a value.
 *
 * @module
 */

import type { Json } from "../json.ts";
import type { Inputs } from "./inputs.ts";
import { type NodeClasses, type NodeResult, single } from "./node.ts";

/** The nodes for plain values. */
export const PLAIN: NodeClasses = {
  PrimitiveInt: { run: (inputs) => plain(inputs.bigInteger("value")) },
  PrimitiveString: { run: (inputs) => plain(inputs.text("value")) },
  PrimitiveStringMultiline: { run: (inputs) => plain(inputs.text("value")) },
  StringConcatenate: { run: concatenate },
  StringFormat: { run: format },
  ComfySwitchNode: { run: choose, needs: (inputs) => [branch(inputs)] },
  PreviewAny: { run: show },
};

function plain(value: Json): NodeResult {
  return single({ type: "PLAIN", value });
}

function concatenate(inputs: Inputs): NodeResult {
  return plain([inputs.text("string_a"), inputs.text("string_b")].join(inputs.text("delimiter")));
}

function format(inputs: Inputs): NodeResult {
  const text = inputs.text("f_string").replace(
    /\{([a-z])\}/g,
    (_, name: string) => inputs.text(`values.${name}`),
  );
  return plain(text);
}

function branch(inputs: Inputs): string {
  return inputs.boolean("switch") ? "on_true" : "on_false";
}

function choose(inputs: Inputs): NodeResult {
  const value = inputs.any(branch(inputs));
  return { outputs: value === undefined ? [] : [value] };
}

function show(inputs: Inputs): NodeResult {
  const value = inputs.any("source");
  const text = value?.type === "PLAIN" ? String(value.value) : `<${value?.type ?? "None"}>`;
  return { outputs: [{ type: "PLAIN", value: text }], ui: { text: [text] } };
}

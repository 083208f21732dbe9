/**
 * Nodes that turn text into guidance.
 *
 * @module
 */

import type { Inputs } from "./inputs.ts";
import { type NodeClasses, type NodeContext, type NodeResult, single } from "./node.ts";

/** The text encoders and their combinations. */
export const CONDITIONING: NodeClasses = {
  CLIPTextEncode: { run: (inputs, context) => encode(inputs, context, ["text"]) },
  CLIPTextEncodeSDXL: { run: (inputs, context) => encode(inputs, context, ["text_g", "text_l"]) },
  CLIPTextEncodeSDXLRefiner: { run: (inputs, context) => encode(inputs, context, ["text"]) },
  ConditioningCombine: { run: (inputs) => join(inputs, "conditioning_1", "conditioning_2") },
  ConditioningAverage: { run: (inputs) => join(inputs, "conditioning_to", "conditioning_from") },
  ConditioningConcat: { run: (inputs) => join(inputs, "conditioning_to", "conditioning_from") },
};

async function encode(
  inputs: Inputs,
  context: NodeContext,
  names: readonly string[],
): Promise<NodeResult> {
  inputs.value("clip", "CLIP");
  await context.work();
  const texts = new Set(names.map((name) => inputs.text(name)));
  return single({ type: "CONDITIONING", texts: [...texts] });
}

function join(inputs: Inputs, first: string, second: string): NodeResult {
  const texts = [first, second].flatMap((name) => inputs.value(name, "CONDITIONING").texts);
  return single({ type: "CONDITIONING", texts });
}

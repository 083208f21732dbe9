/**
 * Node classes that newer servers replace when they lack them, before they look at anything else.
 *
 * @module
 */

import type { Prompt, PromptNode } from "../graph.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { PythonError } from "../python.ts";
import type { Catalogue } from "./catalogue.ts";

/** As `/node_replacements` shows it: of 0.33.0 those whose new class this simulator knows. */
export const REPLACEMENTS: Readonly<Record<string, readonly JsonObject[]>> = {
  "ImageBatch": [{
    "new_node_id": "BatchImagesNode",
    "old_node_id": "ImageBatch",
    "old_widget_ids": null,
    "input_mapping": [{ "new_id": "images.image0", "old_id": "image1" }, {
      "new_id": "images.image1",
      "old_id": "image2",
    }],
    "output_mapping": null,
  }],
  "ImageScaleBy": [{
    "new_node_id": "ResizeImageMaskNode",
    "old_node_id": "ImageScaleBy",
    "old_widget_ids": ["upscale_method", "scale_by"],
    "input_mapping": [
      { "new_id": "input", "old_id": "image" },
      { "new_id": "resize_type", "set_value": "scale by multiplier" },
      { "new_id": "resize_type.multiplier", "old_id": "scale_by" },
      { "new_id": "scale_method", "old_id": "upscale_method" },
    ],
    "output_mapping": null,
  }],
  "ConditioningAverage ": [{
    "new_node_id": "ConditioningAverage",
    "old_node_id": "ConditioningAverage ",
    "old_widget_ids": null,
    "input_mapping": null,
    "output_mapping": null,
  }],
};

/**
 * Replaces, in place, the nodes of classes that are unknown.
 *
 * @throws {PythonError} for a replaced node without `_meta`, as the real server does.
 */
export function replaceNodes(prompt: Prompt, catalogue: Catalogue): void {
  for (const [id, node] of Object.entries(prompt)) {
    const { class_type: oldClass, inputs } = node;
    if (!isObject(inputs) || catalogue.find(oldClass) !== undefined) continue;
    if (typeof oldClass !== "string" || !Object.hasOwn(REPLACEMENTS, oldClass)) continue;
    const [replacement] = REPLACEMENTS[oldClass] ?? [];
    const newClass = String(replacement?.new_node_id);
    if (replacement === undefined || catalogue.find(newClass) === undefined) continue;
    if (!isObject(node._meta)) throw new PythonError("KeyError", "'_meta'");
    prompt[id] = {
      ...node,
      class_type: newClass,
      inputs: mapped(inputs, replacement.input_mapping ?? null),
    } satisfies PromptNode;
  }
}

/** Without a mapping the real server starts from no inputs, and so loses all of them. */
function mapped(inputs: JsonObject, mapping: Json): JsonObject {
  const renamed: JsonObject = {};
  for (const entry of Array.isArray(mapping) ? mapping.filter(isObject) : []) {
    const value = "set_value" in entry ? entry.set_value : inputs[String(entry.old_id)];
    if (value === undefined) throw new PythonError("KeyError", `'${entry.old_id}'`);
    renamed[String(entry.new_id)] = value;
  }
  return renamed;
}

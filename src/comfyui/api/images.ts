/** Image references in what nodes return (pure). */

import { asArray, asObject, asText, isObject } from "./json.ts";
import type { ImageRef } from "../types.ts";

/** The images of one node's output; entries that name no file are passed over. */
export function imagesOf(output: unknown, nodeId: string): ImageRef[] {
  return asArray(asObject(output).images).flatMap((item) => {
    const filename = isObject(item) ? asText(item.filename) : undefined;
    if (!isObject(item) || filename === undefined || filename === "") return [];
    return [{
      filename,
      subfolder: asText(item.subfolder) ?? "",
      type: asText(item.type) ?? "output",
      nodeId,
    }];
  });
}

/**
 * The images of a run from those of its nodes: each file once, by node id, in the order of the
 * node.
 *
 * Saved images hide previews: a graph that also shows intermediate images has not made them its
 * result.
 */
export function resultImages(byNode: ReadonlyMap<string, readonly ImageRef[]>): ImageRef[] {
  const files = new Map<string, ImageRef>();
  for (const node of [...byNode.keys()].sort(compareNodeIds)) {
    for (const image of byNode.get(node) ?? []) {
      const key = JSON.stringify([image.type, image.subfolder, image.filename]);
      if (!files.has(key)) files.set(key, image);
    }
  }
  const images = [...files.values()];
  const saved = images.filter((image) => image.type === "output");
  return saved.length > 0 ? saved : images;
}

function compareNodeIds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

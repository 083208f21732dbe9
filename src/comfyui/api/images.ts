/** References to files in what nodes return (pure). */

import { announcedKind } from "../files/kinds.ts";
import { asArray, asObject, asText, isObject, type JsonObject } from "./json.ts";
import type { ImageRef } from "../types.ts";

/** Keys under which nodes name images and films, whatever their files are called. */
const IMAGE_KEYS: ReadonlySet<string> = new Set(["images", "gifs"]);

/**
 * The files of one node's output: nodes name them under `images`, `gifs`, `audio`, `video` or any
 * other key. Entries that name none are passed over, and so are, under other keys, files of kinds that
 * nobody could be given: latents, say.
 */
export function imagesOf(output: unknown, nodeId: string): ImageRef[] {
  const fields = asObject(output);
  const [animated] = asArray(fields.animated);
  return Object.entries(fields).flatMap(([key, value]) => {
    // Nodes that work on lists may give lists of lists.
    const items = isObject(value) ? [value] : asArray(value).flat(2).filter(isObject);
    const isAnimated = key === "gifs" || (key === "images" && animated === true);
    return items.flatMap((item) => fileOf(item, nodeId, isAnimated)).filter(({ filename }) =>
      IMAGE_KEYS.has(key) || announcedKind(filename) !== undefined
    );
  });
}

function fileOf(item: JsonObject, nodeId: string, isAnimated: boolean): ImageRef[] {
  const place = placeOf(asText(item.filename) ?? "", asText(item.subfolder) ?? "");
  if (place.filename === "") return [];
  return [{
    ...place,
    type: asText(item.type) ?? "output",
    nodeId,
    ...(isAnimated ? { isAnimated } : {}),
  }];
}

/** Where a file lies whose name may have folders in it: `GET /view` looks for the last part alone. */
function placeOf(path: string, subfolder: string): Pick<ImageRef, "filename" | "subfolder"> {
  const [, folder = "", filename = ""] = /^(?:(.*)[\\/])?([^\\/]*)$/s.exec(path) ?? [];
  // An absolute path says nothing of the folder that ComfyUI saves to.
  if (folder === "" || /^(?:[\\/]|[A-Za-z]:)/.test(path)) return { filename, subfolder };
  const isWhole = subfolder === "" || `${folder}/`.startsWith(`${subfolder}/`);
  return { filename, subfolder: isWhole ? folder : `${subfolder}/${folder}` };
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
      // What a node shows of its input is no result.
      if (image.type === "input") continue;
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

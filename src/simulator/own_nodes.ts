/**
 * Node classes that no ComfyUI brings along: one that stands for the many custom nodes that save files
 * of other formats, each with names of its own.
 *
 * @module
 */

import type { JsonObject } from "./json.ts";

/** As `/object_info` describes them. */
export const OWN_NODES: Readonly<Record<string, JsonObject>> = {
  SaveImageFormat: {
    input: {
      required: {
        images: ["IMAGE"],
        filename_prefix: ["STRING", { default: "ComfyUI" }],
        extension: [["png", "jpg"], { default: "png" }],
      },
      hidden: { prompt: "PROMPT", extra_pnginfo: "EXTRA_PNGINFO" },
    },
    input_order: {
      required: ["images", "filename_prefix", "extension"],
      hidden: ["prompt", "extra_pnginfo"],
    },
    output: [],
    output_is_list: [],
    output_name: [],
    name: "SaveImageFormat",
    display_name: "Save Image (Format)",
    description: "Saves the input images in a format of choice.",
    python_module: "custom_nodes.save_image_format",
    category: "image",
    output_node: true,
  },
};

/** Whether a graph gives anything that can be delivered, told before it runs. Pure. */

import type { GenerateRequest } from "../protocol/mod.ts";
import type { Graph } from "./graph.ts";
import { invalid } from "./invalid.ts";
import type { NodeClasses } from "./check/node_info.ts";

/** What of a request decides on the form of its result. */
type Shape = Pick<GenerateRequest, "animation_frames" | "tileset_grid">;

/** Output nodes that write no file that a client could use: texts on a screen, latents, weights. */
const GIVES_NOTHING = new RegExp(
  "^(?:PreviewAny|PreviewText|ShowText|Show ?Any|Display ?Any|Display ?Text|easy show|" +
    "SaveLatent|SaveText|SaveString|SaveSVG|CheckpointSave|CLIPSave|VAESave|ModelSave|LoraSave|" +
    "SaveLoRA|SaveTrainingDataset|ImageOnlyCheckpointSave|LossGraph|Note|MarkdownNote)",
  "i",
);

/** Output nodes that save one moving image or film. */
const GIVES_FILM = /^(?:SaveAnimated|SaveWEBM|SaveVideo|PreviewVideo|VHS_VideoCombine)/;

/** Output nodes that save sound. */
const GIVES_SOUND = /^(?:Save|Preview)Audio/;

/**
 * Says why nothing of what a graph gives could be delivered, in words that follow the name of the
 * workflow; undefined if there is something, or if the server does not tell enough of its classes.
 */
export function undeliverable(graph: Graph, classes: NodeClasses): string | undefined {
  const outputs = outputClasses(graph, classes);
  if (outputs === undefined) return undefined;
  if (outputs.length === 0) return "has no node that saves an image; end it in a SaveImage node";
  if (outputs.some((name) => !GIVES_NOTHING.test(name))) return undefined;
  const names = [...new Set(outputs)].join(", ");
  return `ends in ${names}, which gives no file that can be delivered; add a SaveImage node`;
}

/**
 * Refuses a request whose graph gives nothing that can be delivered in the form that is asked for.
 *
 * @param workflow Name of the workflow.
 * @throws {JobError} `invalid_parameter`.
 */
export function checkDeliverable(
  workflow: string,
  graph: Graph,
  classes: NodeClasses,
  { animation_frames: frames, tileset_grid: grid }: Shape,
): void {
  const why = undeliverable(graph, classes);
  if (why !== undefined) throw invalid("workflow", `${workflow} ${why}`);
  const useful = outputClasses(graph, classes)?.filter((name) => !GIVES_NOTHING.test(name));
  if (useful === undefined) return;
  const remedy = "choose a workflow that ends in a SaveImage node";
  if (
    grid !== undefined && useful.every((name) => GIVES_FILM.test(name) || GIVES_SOUND.test(name))
  ) {
    throw invalid(
      "tileset_grid",
      `tiles are cut from still images, which ${workflow} does not give; ${remedy}`,
    );
  }
  if (frames !== undefined && useful.every((name) => GIVES_SOUND.test(name))) {
    throw invalid("animation_frames", `${workflow} gives only sound; ${remedy}`);
  }
}

/** Classes of the nodes that end a graph; undefined if the server has not told of all of them. */
function outputClasses(graph: Graph, classes: NodeClasses): string[] | undefined {
  const names = Object.values(graph).map((node) => node.class_type);
  if (names.some((name) => !Object.hasOwn(classes, name))) return undefined;
  return names.filter((name) => {
    const info = classes[name];
    return typeof info === "object" && info !== null && "output_node" in info &&
      info.output_node === true;
  });
}

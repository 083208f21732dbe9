/** Whether a graph gives anything that can be delivered, told before it runs. Pure. */

import type { GenerateRequest } from "../protocol/mod.ts";
import type { Graph } from "./graph.ts";
import { invalid } from "./invalid.ts";
import { mayGiveFile } from "./check/carried.ts";
import { type NodeClasses, record } from "./check/node_info.ts";

/** What of a request decides on the form of its result. */
type Shape = Pick<GenerateRequest, "animation_frames" | "tileset_grid">;

/**
 * Output nodes of which it is known that they give no file that a client could use, although they may get
 * images: texts on a screen, latents, weights.
 */
const GIVES_NOTHING = new RegExp(
  "^(?:PreviewAny|PreviewText|ShowText|Show ?Any|Display ?Any|Display ?Text|easy show|easy clear|" +
    "SaveLatent|SaveText.|SaveString|SaveSVG|CheckpointSave|CLIPSave|VAESave|ModelSave|LoraSave|" +
    "SaveLoRA|SaveTrainingDataset|SaveImage(?:Text)?DataSet|ImageOnlyCheckpointSave|Preview3D|" +
    "Save3DAdvanced|(?:Preview|Save)(?:GaussianSplat|PointCloud)|CreateBoundingBoxes|PlaySound|" +
    "WD14Tagger|Note|" +
    "MarkdownNote|rgthree display)|\\bdisplay (?:any|int)\\b",
  "i",
);

/** Output nodes of which it is known that they give one, from ComfyUI itself and its most used extension. */
const GIVES_FILE =
  /^(?:(?:Save|Preview)(?:Image|Animated|Video|WEBM|Audio|Text$)|SaveGLB|MaskPreview|LossGraph|ImageCompare|ImageCompositor|SAM3_TrackPreview|VHS_VideoCombine)/;

/** Output nodes that save one moving image or film. */
const GIVES_FILM = /^(?:SaveAnimated|SaveWEBM|SaveVideo|PreviewVideo|VHS_VideoCombine)/;

/** Output nodes that save neither images nor films: sound, scenes and texts. */
const GIVES_NO_IMAGE = /^(?:(?:Save|Preview)Audio|SaveGLB|SaveText$)/;

/**
 * Says why nothing of what a graph gives could be delivered, in words that follow the name of the
 * workflow; undefined if there is something, or if the server does not tell enough of its classes.
 */
export function undeliverable(graph: Graph, classes: NodeClasses): string | undefined {
  const outputs = outputIds(graph, classes);
  if (outputs === undefined) return undefined;
  if (outputs.length === 0) return "has no node that saves an image; end it in a SaveImage node";
  if (outputs.some((id) => mayGive(graph, classes, id))) return undefined;
  const names = namesOf(graph, outputs);
  const guessed = outputs.some((id) => !isKnown(graph[id]?.class_type ?? ""));
  const why = guessed
    ? "which by what the server tells gets no image, film or sound that it could save"
    : "which gives no file that can be delivered";
  return `ends in ${names.join(", ")}, ${why}; add a SaveImage node`;
}

/**
 * Says that only a run can show whether a graph gives a file, in words that follow the name of the
 * workflow: ComfyUI does not tell what output nodes of other people's classes give.
 */
export function unsureOutput(graph: Graph, classes: NodeClasses): string | undefined {
  const outputs = (outputIds(graph, classes) ?? []).filter((id) => mayGive(graph, classes, id));
  if (outputs.some((id) => GIVES_FILE.test(graph[id]?.class_type ?? ""))) return undefined;
  const [name] = namesOf(graph, outputs);
  return name &&
    `only a run can show whether ${name} gives a file; a SaveImage node surely does`;
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
  const outputs = outputIds(graph, classes)?.filter((id) => mayGive(graph, classes, id));
  if (outputs === undefined) return;
  const useful = namesOf(graph, outputs);
  const remedy = "choose a workflow that ends in a SaveImage node";
  if (
    grid !== undefined && useful.every((name) => GIVES_FILM.test(name) || GIVES_NO_IMAGE.test(name))
  ) {
    throw invalid(
      "tileset_grid",
      `tiles are cut from still images, which ${workflow} does not give; ${remedy}`,
    );
  }
  if (frames !== undefined && useful.every((name) => GIVES_NO_IMAGE.test(name))) {
    throw invalid(
      "animation_frames",
      `${workflow} gives no images, only what ${useful.join(", ")} saves; ${remedy}`,
    );
  }
}

function mayGive(graph: Graph, classes: NodeClasses, id: string): boolean {
  const { class_type: name, inputs } = graph[id] ?? { class_type: "", inputs: {} };
  if (GIVES_NOTHING.test(name) || isData(name, inputs)) return false;
  return GIVES_FILE.test(name) || mayGiveFile(graph, classes, id);
}

function isKnown(name: string): boolean {
  return GIVES_NOTHING.test(name) || GIVES_FILE.test(name);
}

/** JSON is for programs: the only one of a SaveText node's formats that is not delivered. */
function isData(name: string, inputs: Readonly<Record<string, unknown>>): boolean {
  return name === "SaveText" && inputs["format"] === "json";
}

/** The nodes that end a graph; undefined if the server has not told of all classes. */
function outputIds(graph: Graph, classes: NodeClasses): string[] | undefined {
  const nodes = Object.entries(graph);
  if (nodes.some(([, node]) => !Object.hasOwn(classes, node.class_type))) return undefined;
  return nodes.filter(([, node]) => record(classes[node.class_type])["output_node"] === true)
    .map(([id]) => id);
}

function namesOf(graph: Graph, ids: readonly string[]): string[] {
  return [...new Set(ids.map((id) => graph[id]?.class_type ?? ""))];
}

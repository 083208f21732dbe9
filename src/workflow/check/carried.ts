/** What a node gets to make files of, by the declarations of the classes (`GET /object_info`). Pure. */

import { type Graph, isLink, linksOf } from "../graph.ts";
import { declaredInputs } from "./declared.ts";
import { isDeclared, type NodeClasses, outputTypes, record, typeName } from "./node_info.ts";

/** Types of values that no image, film, sound or model of a scene is made of, whoever saves them. */
const PLAIN: ReadonlySet<string> = new Set([
  ..."STRING INT FLOAT NUMBER BOOLEAN BOOL COMBO MODEL CLIP VAE CONDITIONING CLIP_VISION".split(
    " ",
  ),
  ..."CLIP_VISION_OUTPUT CONTROL_NET STYLE_MODEL GLIGEN UPSCALE_MODEL LATENT_UPSCALE_MODEL".split(
    " ",
  ),
  ..."SAMPLER SIGMAS NOISE GUIDER HOOKS HOOK_KEYFRAMES TIMESTEPS_RANGE LORA_MODEL".split(" "),
  ..."MODEL_PATCH LATENT_OPERATION PHOTOMAKER AUDIO_ENCODER AUDIO_ENCODER_OUTPUT LATENT".split(" "),
]);

/** What makes an image of a latent. */
const DECODERS: ReadonlySet<string> = new Set(["VAE"]);

/** Words in names of classes and inputs that speak of what one sees or hears. */
const SHOWN =
  /^(?:images?|pictures?|photos?|pixels|masks?|videos?|films?|movies?|frames?|gifs?|webp|png|jpe?g|audio|sounds?|music|voice|speech|tts|mesh|glb|3d|splat|plot|chart|graph|curve|diagram|histogram|qr|draw|drawing|paint|render|sprites?|urls?|download|webcam|canvas)$/;

/** Types of what links bring to a node, past nodes that take and give anything. */
function linkedTypes(graph: Graph, classes: NodeClasses, id: string): Set<string> {
  const types = new Set<string>();
  const seen = new Set([id]);
  for (const at of seen) {
    for (const [, [source, output]] of linksOf(graph[at] ?? { class_type: "", inputs: {} })) {
      const type = outputTypes(infoOf(graph, classes, source))[output];
      const name = type === undefined ? "*" : typeName(type);
      const isAny = name === "*" || name.startsWith("COMFY_");
      const hasLinks = linksOf(graph[source] ?? { class_type: "", inputs: {} }).length > 0;
      if (isAny && type !== undefined && hasLinks) seen.add(source);
      else types.add(name);
    }
  }
  return types;
}

/**
 * Whether a node may give a file, of whose class no more is known than what the server tells: one that gets
 * only texts, numbers and the parts of models does not, unless its names speak of something to see or hear.
 */
export function mayGiveFile(graph: Graph, classes: NodeClasses, id: string): boolean {
  const info = infoOf(graph, classes, id);
  const node = graph[id];
  if (node === undefined || !isDeclared(info)) return true;
  const declared = declaredInputs(info, node.inputs);
  const linked = linkedTypes(graph, classes, id);
  const made = outputTypes(info).map(typeName);
  if ([...linked, ...made].some((type) => !PLAIN.has(type))) return true;
  const known = [...linked, ...declared.map(({ spec }) => spec.type)];
  if (linked.has("LATENT") && known.some((type) => DECODERS.has(type))) return true;
  if (declared.some(({ name, spec }) => spec.isUpload && !isLink(node.inputs[name]))) return true;
  const { display_name: title } = record(info);
  const names = [node.class_type, title, ...declared.map(({ name }) => name)];
  return names.some((name) => typeof name === "string" && wordsOf(name).some(isShown));
}

function isShown(word: string): boolean {
  return SHOWN.test(word);
}

/** `SaveQRCode` as `save`, `qr`, `code`. */
function wordsOf(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3 $2$4").toLowerCase()
    .split(/[^a-z0-9]+/);
}

function infoOf(graph: Graph, classes: NodeClasses, id: string): unknown {
  const name = graph[id]?.class_type ?? "";
  return Object.hasOwn(classes, name) ? classes[name] : undefined;
}

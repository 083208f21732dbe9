/**
 * Nodes that save images.
 *
 * @module
 */

import { encodePng } from "../../images/mod.ts";
import { encodeAnimatedWebp } from "../../images/webp/encode.ts";
import { rasterOf } from "../files/image.ts";
import { encodeJpeg } from "../files/jpeg.ts";
import { dumpJson, isObject, type JsonObject } from "../json.ts";
import type { FileArea } from "../files/store.ts";
import { expandPrefix, fileAt, nextName } from "../files/naming.ts";
import { PythonError } from "../python.ts";
import type { Inputs } from "./inputs.ts";
import type { NodeClasses, NodeContext, NodeResult } from "./node.ts";

/** Letters of the prefix of temporary images, one of them missing in the original, too. */
const LETTERS = "abcdefghijklmnopqrstupvxyz";

/** Of files, in percent. */
const JPEG_QUALITY = 95;

/** The output nodes. */
export const OUTPUT: NodeClasses = {
  SaveImage: {
    run: (inputs, context) => save(inputs, context, "output", inputs.text("filename_prefix")),
  },
  SaveImageFormat: {
    run: (inputs, context) =>
      save(
        inputs,
        context,
        "output",
        inputs.text("filename_prefix"),
        `_.${inputs.text("extension")}`,
      ),
  },
  SaveImageAdvanced: { run: saveAdvanced },
  SaveAnimatedWEBP: { run: saveAnimated },
  SaveImageWebsocket: { run: send, fingerprint: () => Promise.resolve(crypto.randomUUID()) },
  SaveText: { run: saveText },
  PreviewImage: {
    run: (inputs, context) => save(inputs, context, "temp", `ComfyUI_temp_${suffix(context)}`),
  },
};

async function save(
  inputs: Inputs,
  context: NodeContext,
  area: FileArea,
  prefix: string,
  ending = "_.png",
): Promise<NodeResult> {
  const value = inputs.value("images", "IMAGE");
  const { images } = value;
  await context.work();
  const store = context.files[area];
  const size = { width: images[0]?.width ?? 0, height: images[0]?.height ?? 0 };
  const place = await nextName(expandPrefix(prefix, size, context.now()), store);
  const text = metadata(context);
  const saved: JsonObject[] = [];
  for (const [index, image] of images.entries()) {
    const stem = place.stem.replaceAll("%batch_num%", String(index));
    const { filename, path } = fileAt({ ...place, stem }, index, ending);
    const isPng = ending.endsWith(".png");
    const bytes = isPng ? await encodePng(rasterOf(image), text) : encodeJpeg(image, JPEG_QUALITY);
    await store.write(path, bytes);
    saved.push({ filename, subfolder: place.subfolder, type: area });
  }
  return { outputs: [value], ui: { images: saved } };
}

/** The server does not check the format, so that a wrong one fails only here. */
async function saveAdvanced(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const format = inputs.text("format");
  if (format !== "png") throw withoutFormat();
  return await save(inputs, context, "output", inputs.text("filename_prefix"), ".png");
}

function withoutFormat(): PythonError {
  return new PythonError(
    "TypeError",
    "SaveImageAdvanced.execute() missing 1 required positional argument: 'format'",
  );
}

async function saveAnimated(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const value = inputs.value("images", "IMAGE");
  const { images } = value;
  await context.work();
  const size = { width: images[0]?.width ?? 0, height: images[0]?.height ?? 0 };
  const prefix = expandPrefix(inputs.text("filename_prefix"), size, context.now());
  const place = await nextName(prefix, context.files.output);
  const { filename, path } = fileAt(place, 0, "_.webp");
  const file = await encodeAnimatedWebp(images.map(rasterOf), 1000 / inputs.float("fps"));
  await context.files.output.write(path, file);
  const saved = [{ filename, subfolder: place.subfolder, type: "output" }];
  return { outputs: [value], ui: { images: saved, animated: [true] } };
}

async function send(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  const { images } = inputs.value("images", "IMAGE");
  await context.work();
  for (const [index, image] of images.entries()) {
    const png = await encodePng(rasterOf(image));
    context.send(index, images.length, png);
  }
  return { outputs: [] };
}

async function saveText(inputs: Inputs, context: NodeContext): Promise<NodeResult> {
  await context.work();
  const text = inputs.text("text");
  const store = context.files.output;
  const prefix = expandPrefix(
    inputs.text("filename_prefix"),
    { width: 0, height: 0 },
    context.now(),
  );
  const place = await nextName(prefix, store);
  const { filename, path } = fileAt(place, 0, `.${inputs.text("format")}`);
  await store.write(path, new TextEncoder().encode(text));
  return {
    outputs: [{ type: "PLAIN", value: text }],
    ui: { text: [text], files: [{ filename, subfolder: place.subfolder, type: "output" }] },
  };
}

function metadata({ prompt, extraPngInfo }: NodeContext): Record<string, string> {
  const extra = isObject(extraPngInfo) ? Object.entries(extraPngInfo) : [];
  const texts = extra.map(([key, value]) => [key, dumpJson(value)]);
  return { prompt: dumpJson(prompt), ...Object.fromEntries(texts) };
}

/** Drawn once for a node, so that its images share a prefix. */
function suffix({ state }: NodeContext): string {
  const known = state.get("suffix");
  if (known !== undefined) return known;
  const letters = crypto.getRandomValues(new Uint8Array(5));
  const drawn = Array.from(letters, (byte) => LETTERS[byte % LETTERS.length]).join("");
  state.set("suffix", drawn);
  return drawn;
}

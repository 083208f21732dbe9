/** Finds a value among the choices of an input, whatever the spelling. Pure. */

import { matchModelName, nearestNames } from "../../protocol/names.ts";
import { formatKey } from "../format.ts";
import { plain } from "../quote.ts";
import type { Parameter } from "../parameters.ts";
import type { InputSpec } from "./node_info.ts";

/** What came of looking for a value. */
export type Choice =
  | { type: "same" }
  | { type: "found"; name: string }
  | { type: "missing"; near: readonly string[] };

/** Files of models, by the extensions that ComfyUI and its usual extensions load. */
const MODEL_FILE =
  /\.(?:safetensors|sft|ckpt|pt2?|pth|bin|pkl|gguf|onnx|engine|trt|msgpack|torchscript)$/i;

/** Looks for a value; files of models and formats of images are known by more than one spelling. */
export function chooseName(
  value: unknown,
  { choices = [], isUpload }: InputSpec,
  parameter: Parameter | "lora" | undefined,
): Choice {
  // V8's own search first: lists of models are long.
  const isThere = choices.includes(value) ||
    (typeof value === "object" && choices.some((choice) => isSame(choice, value)));
  if (isThere) return { type: "same" };
  const name = plain(value);
  // A file in a folder, or of another area, is there although it is not listed.
  if (isUpload && /[/[]/.test(name)) return { type: "same" };
  const names = choices.filter((choice) => typeof choice === "string");
  if (parameter === "output_format") {
    const same = names.find((choice) => formatKey(choice) === formatKey(name));
    if (same !== undefined) return { type: "found", name: same };
  }
  const isModel = parameter === "model" || parameter === "lora";
  if (isModel || MODEL_FILE.test(name) || names.some((choice) => MODEL_FILE.test(choice))) {
    const match = matchModelName(name, names);
    if (match.type === "found") return { type: "found", name: match.name };
    if (match.type === "several") return { type: "missing", near: match.names };
  }
  return { type: "missing", near: nearestNames(name, names) };
}

/** Some nodes choose among objects, such as styles with their images: Python compares these by value. */
function isSame(choice: unknown, value: unknown): boolean {
  if (choice === value) return true;
  if (typeof choice !== "object" || typeof value !== "object") return false;
  if (choice === null || value === null || Array.isArray(choice) !== Array.isArray(value)) {
    return false;
  }
  const fields = Object.entries(choice);
  const others = new Map(Object.entries(value));
  return fields.length === others.size &&
    fields.every(([name, field]) => others.has(name) && isSame(field, others.get(name)));
}

/** Ends a sentence; empty if there is nothing to suggest. */
export function didYouMean(names: readonly string[]): string {
  if (names.length === 0) return "";
  const quoted = names.map((name) => JSON.stringify(name));
  const all = [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter(Boolean).join(" or ");
  return `; did you mean ${all}?`;
}

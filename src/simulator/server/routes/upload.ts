/**
 * `POST /upload/image` and `/upload/mask`.
 *
 * @module
 */

import { encodePng } from "../../../images/mod.ts";
import { empty, type Exchange, json } from "../../http.ts";
import { isObject, parseJson } from "../../json.ts";
import { splitAnnotation } from "../../files/locate.ts";
import { decodeImage } from "../../nodes/images.ts";
import { below, splitExtension } from "../../files/paths.ts";
import { PythonError, toBool } from "../../python.ts";
import type { FileArea, FileStore } from "../../files/store.ts";

/** What to write for an uploaded file; `undefined` writes nothing. */
type Convert = (
  form: FormData,
  bytes: Uint8Array<ArrayBuffer>,
) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** Answers `POST /upload/image`. */
export async function postImage(exchange: Exchange): Promise<Response> {
  return await upload(exchange, (_form, bytes) => Promise.resolve(bytes));
}

/** Answers `POST /upload/mask`: the upload's transparency is laid upon an image that is there already. */
export async function postMask(exchange: Exchange): Promise<Response> {
  return await upload(exchange, (form, bytes) => withMask(exchange, form, bytes));
}

async function upload(exchange: Exchange, convert: Convert): Promise<Response> {
  const form = await readForm(exchange);
  const image = form.get("image");
  const area = areaOf(form);
  if (image === null || image === "") return empty(400);
  if (typeof image === "string") {
    throw new PythonError("AttributeError", "'str' object has no attribute 'file'");
  }
  if (image.name === "") return empty(400);
  const subfolder = textField(form, "subfolder") ?? "";
  const folder = below("", subfolder);
  if (folder === undefined || below(folder, image.name) === undefined) return empty(400);
  const bytes = new Uint8Array(await image.arrayBuffer());
  const store = exchange.process.files[area];
  const overwrites = ["true", "1"].includes(textField(form, "overwrite") ?? "");
  const { name, exists } = overwrites
    ? { name: image.name, exists: false }
    : await freeName(store, folder, image.name, bytes);
  const content = exists ? undefined : await convert(form, bytes);
  if (content !== undefined) await store.write(below(folder, name) ?? name, content);
  return json({ name, subfolder, type: area });
}

/** A body that is no form counts as an empty one. */
async function readForm(exchange: Exchange): Promise<FormData> {
  const body = await exchange.body();
  const type = exchange.request.headers.get("content-type") ?? "";
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type)) {
    return new FormData();
  }
  return await new Response(body, { headers: { "content-type": type } }).formData();
}

function areaOf(form: FormData): FileArea {
  const type = textField(form, "type") ?? "input";
  if (type === "input" || type === "temp" || type === "output") return type;
  throw new PythonError("UnboundLocalError", "cannot access local variable 'type_dir'");
}

function textField(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" ? value : undefined;
}

/** The first name that is free, or that holds the very same bytes. */
async function freeName(
  store: FileStore,
  folder: string,
  wanted: string,
  bytes: Uint8Array,
): Promise<{ name: string; exists: boolean }> {
  const [stem, extension] = splitExtension(wanted);
  let name = wanted;
  for (let number = 1;; number++) {
    const present = await store.read(below(folder, name) ?? name);
    if (present === undefined) return { name, exists: false };
    if (equalBytes(present.bytes, bytes)) return { name, exists: true };
    name = `${stem} (${number})${extension}`;
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** A reference that is forbidden or leads nowhere goes unnoticed: nothing is written, and the answer is 200. */
async function withMask(
  { process }: Exchange,
  form: FormData,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reference = parseJson(textField(form, "original_ref") ?? "");
  if (!isObject(reference) || typeof reference.filename !== "string") {
    throw new PythonError("KeyError", "'filename'");
  }
  const { path, area = reference.type ?? "output" } = splitAnnotation(reference.filename);
  if (path === "" || path.startsWith("/") || path.includes("..")) return undefined;
  if (area !== "output" && area !== "input" && area !== "temp") return undefined;
  const subfolder = toBool(reference.subfolder ?? null) ? String(reference.subfolder) : "";
  const folder = below("", subfolder);
  const target = folder === undefined ? undefined : below(folder, path);
  const original = target === undefined ? undefined : await process.files[area].read(target);
  return original && await layMask(original.bytes, bytes);
}

async function layMask(original: Uint8Array, mask: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const image = decodeImage(original);
  const { width, height, rgba } = decodeImage(mask);
  if (width !== image.width || height !== image.height) {
    throw new PythonError("ValueError", "images do not match");
  }
  const data = image.rgba.map((sample, index) => index % 4 === 3 ? rgba[index] ?? 255 : sample);
  return await encodePng({ width, height, data, channels: 4 }, image.text);
}

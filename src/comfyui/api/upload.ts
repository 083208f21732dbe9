/** Giving ComfyUI an image to work on. */

import { ComfyError } from "../../errors.ts";
import { type HttpApi, isSuccess, SMALL_ANSWER_BYTES } from "./http.ts";
import { asObject, asText } from "./json.ts";
import type { CallOptions, UploadOptions } from "../options.ts";
import type { ImageRef } from "../types.ts";

/** Of larger files the hash takes as long as the upload, and nothing else is done meanwhile. */
const MAX_HASHED_BYTES = 16 * 1_048_576;

/**
 * Uploads a file to ComfyUI's input directory.
 *
 * @returns Where it lies; ComfyUI may have chosen another name.
 * @throws {ComfyError} `http_status` with status 413 for a file beyond the server's limit.
 */
export async function uploadImage(
  api: HttpApi,
  bytes: Uint8Array<ArrayBuffer>,
  filename: string,
  options: UploadOptions,
): Promise<ImageRef> {
  const { overwrite = false, subfolder = "", ...call } = options;
  const form = new FormData();
  form.set("image", new Blob([bytes]), filename);
  form.set("type", "input");
  form.set("subfolder", subfolder);
  form.set("overwrite", String(overwrite));
  const answer = asObject(
    await api.json("/upload/image", {
      ...call,
      method: "POST",
      form,
      maxBytes: SMALL_ANSWER_BYTES,
    }),
  );
  const name = asText(answer.name);
  if (name === undefined) {
    throw new ComfyError("bad_answer", "POST /upload/image: the answer names no file");
  }
  const assetHash = asText(asObject(answer.asset).asset_hash);
  return {
    filename: name,
    subfolder: asText(answer.subfolder) ?? "",
    type: asText(answer.type) ?? "input",
    ...(assetHash === undefined ? {} : { assetHash }),
  };
}

/**
 * Asks whether the server still has what was uploaded; false also where it keeps no assets. That it
 * knows the content is not enough: the file has to lie where the graph will name it.
 */
export async function hasUpload(
  api: HttpApi,
  { assetHash, filename, subfolder, type }: ImageRef,
  call: CallOptions,
): Promise<boolean> {
  if (assetHash === undefined) return false;
  const path = `/api/assets/hash/${encodeURIComponent(assetHash).replaceAll("%3A", ":")}`;
  if (!isSuccess(await api.send(path, { ...call, method: "HEAD" }))) return false;
  const query = { filename, subfolder, type };
  return isSuccess(await api.send("/view", { ...call, method: "HEAD", query }));
}

/**
 * Looks for a file that was uploaded before, perhaps by an earlier process, on a server that keeps assets.
 *
 * @returns undefined if the server does not have this very content at this place, or it is large.
 */
export async function findUpload(
  api: HttpApi,
  bytes: Uint8Array,
  filename: string,
  { subfolder = "", ...call }: CallOptions & { subfolder?: string },
): Promise<ImageRef | undefined> {
  if (bytes.length > MAX_HASHED_BYTES) return undefined;
  const file = { filename, subfolder, type: "input", assetHash: await assetHashOf(bytes) };
  return await hasUpload(api, file, call) ? file : undefined;
}

/**
 * What a server that keeps assets calls a content, however it got there. Loaded when it is needed: few
 * servers keep assets.
 */
async function assetHashOf(bytes: Uint8Array): Promise<string> {
  const { blake3 } = await import("@noble/hashes/blake3.js");
  return `blake3:${blake3(bytes).toHex()}`;
}

/** The value that a LoadImage node takes for an uploaded file. */
export function loadImageValue(image: ImageRef): string {
  return image.subfolder === "" ? image.filename : `${image.subfolder}/${image.filename}`;
}

/** Giving ComfyUI an image to work on. */

import { ComfyError } from "../../errors.ts";
import type { HttpApi } from "./http.ts";
import { asObject, asText } from "./json.ts";
import type { UploadOptions } from "../options.ts";
import type { ImageRef } from "../types.ts";

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
  const answer = asObject(await api.json("/upload/image", { ...call, method: "POST", form }));
  const name = asText(answer.name);
  if (name === undefined) {
    throw new ComfyError("bad_answer", "POST /upload/image: the answer names no file");
  }
  return {
    filename: name,
    subfolder: asText(answer.subfolder) ?? "",
    type: asText(answer.type) ?? "input",
  };
}

/** The value that a LoadImage node takes for an uploaded file. */
export function loadImageValue(image: ImageRef): string {
  return image.subfolder === "" ? image.filename : `${image.subfolder}/${image.filename}`;
}

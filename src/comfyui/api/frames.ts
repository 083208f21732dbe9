/** Binary WebSocket frames of ComfyUI (pure). All integers are big-endian. */

import { asText, isObject, parseJson } from "./json.ts";

/** A preview of type 1, which does not tell whose it is. */
export interface AnonymousPreviewFrame {
  /** Tag. */
  type: "preview";
  /** Media type of the image. */
  mimeType: string;
  /** The encoded image. */
  image: Uint8Array<ArrayBuffer>;
  /** Prompt that it belongs to; only frames of type 4 know. */
  promptId?: string;
  /** Node that made it; only frames of type 4 know. */
  node?: string;
}

/** A line of text that a node shows. */
export interface TextFrame {
  /** Tag. */
  type: "text";
  /** Node that shows it. */
  node: string;
  /** What it shows. */
  text: string;
}

const PREVIEW_IMAGE = 1;
const TEXT = 3;
const PREVIEW_IMAGE_WITH_METADATA = 4;

const IMAGE_TYPES: Readonly<Record<number, string>> = { 1: "image/jpeg", 2: "image/png" };

/** Reads a binary frame; `undefined` for one that is malformed or of an unknown kind. */
export function parseBinaryFrame(
  data: ArrayBuffer,
): AnonymousPreviewFrame | TextFrame | undefined {
  if (data.byteLength < 8) return undefined;
  const view = new DataView(data);
  const second = view.getUint32(4);
  switch (view.getUint32(0)) {
    case PREVIEW_IMAGE:
      return anonymousPreview(second, new Uint8Array(data, 8));
    case TEXT:
      return textFrame(data, second);
    case PREVIEW_IMAGE_WITH_METADATA:
      return identifiedPreview(data, second);
    default:
      return undefined;
  }
}

function anonymousPreview(
  format: number,
  image: Uint8Array<ArrayBuffer>,
): AnonymousPreviewFrame | undefined {
  const mimeType = IMAGE_TYPES[format];
  if (mimeType === undefined || image.length === 0) return undefined;
  return { type: "preview", mimeType, image };
}

function textFrame(data: ArrayBuffer, nodeLength: number): TextFrame | undefined {
  const parts = splitAt(data, nodeLength);
  if (parts === undefined) return undefined;
  const decoder = new TextDecoder();
  return { type: "text", node: decoder.decode(parts[0]), text: decoder.decode(parts[1]) };
}

function identifiedPreview(
  data: ArrayBuffer,
  jsonLength: number,
): AnonymousPreviewFrame | undefined {
  const parts = splitAt(data, jsonLength);
  if (parts === undefined || parts[1].length === 0) return undefined;
  const metadata = parseMetadata(parts[0]);
  const promptId = asText(metadata?.prompt_id);
  if (metadata === undefined || promptId === undefined) return undefined;
  const node = asText(metadata.display_node_id) ?? asText(metadata.node_id);
  return {
    type: "preview",
    mimeType: asText(metadata.image_type) ?? "image/jpeg",
    image: parts[1],
    promptId,
    ...(node === undefined ? {} : { node }),
  };
}

/** The head of the given length and the rest; the length comes from outside and may lie. */
function splitAt(
  data: ArrayBuffer,
  length: number,
): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] | undefined {
  if (8 + length > data.byteLength) return undefined;
  return [new Uint8Array(data, 8, length), new Uint8Array(data, 8 + length)];
}

function parseMetadata(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = parseJson(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

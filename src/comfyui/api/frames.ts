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

/** How previews begin. */
const SIGNATURES: readonly (readonly [mimeType: string, signature: RegExp])[] = [
  ["image/jpeg", /^\xff\xd8/],
  // deno-lint-ignore no-control-regex -- the signature has one
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/webp", /^RIFF[^]{4}WEBP/],
];

/** Longest of them, in bytes. */
const SIGNATURE_BYTES = 12;

/**
 * What video nodes put before the frames of their previews (ComfyUI-VideoHelperSuite,
 * `latent_preview.py`): a word more, the number of the frame, and the node's id as a Pascal string of
 * 16 bytes. In bytes, with where the id stands.
 */
const VIDEO_ENVELOPE = { bytes: 24, nodeAt: 8, nodeBytes: 15 };

/** Reads a binary frame; `undefined` for one that is malformed or of an unknown kind. */
export function parseBinaryFrame(
  data: ArrayBuffer,
): AnonymousPreviewFrame | TextFrame | undefined {
  if (data.byteLength < 8) return undefined;
  const view = new DataView(data);
  const second = view.getUint32(4);
  switch (view.getUint32(0)) {
    case PREVIEW_IMAGE:
      return preview(new Uint8Array(data, 8));
    case TEXT:
      return textFrame(data, second);
    case PREVIEW_IMAGE_WITH_METADATA:
      return identifiedPreview(data, second);
    default:
      return undefined;
  }
}

/**
 * A preview, taken out of its envelope if it is in one. What it is shows in its first bytes: the
 * formats that frames name are not always theirs. Undefined for what is no image.
 */
function preview(content: Uint8Array<ArrayBuffer>): AnonymousPreviewFrame | undefined {
  const mimeType = typeOf(content);
  if (mimeType !== undefined) return { type: "preview", mimeType, image: content };
  const image = content.subarray(VIDEO_ENVELOPE.bytes);
  const enclosed = typeOf(image);
  if (enclosed === undefined) return undefined;
  const node = pascalString(content.subarray(VIDEO_ENVELOPE.nodeAt));
  return {
    type: "preview",
    mimeType: enclosed,
    image,
    ...(node === undefined ? {} : { node }),
  };
}

function typeOf(image: Uint8Array): string | undefined {
  const start = String.fromCharCode(...image.subarray(0, SIGNATURE_BYTES));
  return SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
}

function pascalString(bytes: Uint8Array): string | undefined {
  const [length = 0] = bytes;
  if (length === 0 || length > VIDEO_ENVELOPE.nodeBytes) return undefined;
  return new TextDecoder().decode(bytes.subarray(1, 1 + length));
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
  const found = preview(parts[1]);
  if (found === undefined) return undefined;
  const node = asText(metadata.display_node_id) ?? asText(metadata.node_id);
  return { ...found, promptId, ...(node === undefined ? {} : { node }) };
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

/**
 * Recordings of a real ComfyUI 0.3.64 (CPU), one JSON value a line, in the order a client saw them.
 */

import type { PromptGraph } from "../../src/comfyui/mod.ts";

/** One recorded run. */
export interface Transcript {
  promptId: string;
  clientId: string;
  graph: PromptGraph;
  records: TranscriptRecord[];
}

/** A WebSocket message (text, or a binary one whose image was left out) or an HTTP answer. */
export interface TranscriptRecord {
  text?: { type: string; data: Record<string, unknown> };
  binary?: number;
  format?: number;
  json?: Record<string, unknown>;
  http?: string;
  status?: unknown;
  body?: unknown;
  outputs?: unknown;
}

/** Names of the recordings. */
export type TranscriptName =
  | "fully_cached"
  | "interrupted"
  | "legacy_previews"
  | "missing_checkpoint"
  | "previews_with_metadata"
  | "size_out_of_range";

/** Reads a recording. */
export async function readTranscript(name: TranscriptName): Promise<Transcript> {
  const text = await Deno.readTextFile(new URL(`./fixtures/${name}.jsonl`, import.meta.url));
  const [head, ...records] = text.trim().split("\n").map((line) => JSON.parse(line));
  return { promptId: head.prompt_id, clientId: head.client_id, graph: head.graph, records };
}

/** The WebSocket messages as they come from the wire; images are four bytes long. */
export function messagesOf(transcript: Transcript): (string | ArrayBuffer)[] {
  return transcript.records.flatMap((record): (string | ArrayBuffer)[] => {
    if (record.text !== undefined) return [JSON.stringify(record.text)];
    if (record.binary === undefined) return [];
    const image = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
    if (record.binary === 1) return [frame(1, [u32(record.format ?? 1), image])];
    const json = new TextEncoder().encode(JSON.stringify(record.json));
    return [frame(record.binary, [u32(json.length), json, image])];
  });
}

/** The answers of a route. */
export function answersOf(transcript: Transcript, route: string): TranscriptRecord[] {
  return transcript.records.filter((record) => record.http === route);
}

/** Puts a binary message together. */
export function frame(type: number, parts: Uint8Array[]): ArrayBuffer {
  const all = [u32(type), ...parts];
  const bytes = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

/** A big-endian integer of four bytes. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/**
 * Files as a static file server sends them: validators, `304`, byte ranges.
 *
 * @module
 */

import type { StoredFile } from "../../files/store.ts";

/** Answers a request for a file's bytes; `headers` are those of a full answer. */
export function answerRange(request: Request, file: StoredFile, headers: Headers): Response {
  const { bytes, modifiedMs } = file;
  const etag = `"${Math.trunc(modifiedMs * 1e6).toString(16)}-${bytes.length.toString(16)}"`;
  headers.set("etag", etag);
  headers.set("last-modified", new Date(modifiedMs).toUTCString());
  headers.set("accept-ranges", "bytes");
  if (isUnchanged(request, etag, modifiedMs)) return new Response(null, { status: 304, headers });
  const range = readRange(request.headers.get("range"), bytes.length);
  if (range === undefined) return whole(bytes, headers);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${bytes.length}`);
    return new Response(null, { status: 416, headers });
  }
  const [start, end] = range;
  headers.set("content-range", `bytes ${start}-${end - 1}/${bytes.length}`);
  headers.set("content-length", String(end - start));
  return new Response(bytes.slice(start, end), { status: 206, headers });
}

function whole(bytes: Uint8Array<ArrayBuffer>, headers: Headers): Response {
  headers.set("content-length", String(bytes.length));
  return new Response(bytes, { headers });
}

function isUnchanged(request: Request, etag: string, modifiedMs: number): boolean {
  const known = request.headers.get("if-none-match");
  if (known !== null) {
    return known.split(",").some((tag) => tag.trim() === etag || tag.trim() === "*");
  }
  const since = Date.parse(request.headers.get("if-modified-since") ?? "");
  return Math.trunc(modifiedMs / 1000) * 1000 <= since;
}

function readRange(
  header: string | null,
  length: number,
): [start: number, end: number] | "unsatisfiable" | undefined {
  if (header === null) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null || (match[1] === "" && match[2] === "")) return "unsatisfiable";
  const [, first = "", last = ""] = match;
  const start = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? length : Math.min(length, Number(last) + 1);
  return start < end ? [start, end] : "unsatisfiable";
}

/** Uploads: small files at once, large ones in parts. An object appears whole or not at all. */

import { createHash } from "node:crypto";
import { JobError, messageOf } from "../../errors.ts";
import { readText, type S3Requests, tagged } from "./requests.ts";

/** What is to be uploaded. */
export interface Upload {
  /** Name of the object. */
  readonly key: string;
  /** Its content. */
  readonly file: Deno.FsFile;
  /** Length of that. */
  readonly sizeBytes: number;
  /** What it is. */
  readonly contentType: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Uploads a file in parts of this size, or at once if it is no larger. */
export async function upload(requests: S3Requests, job: Upload, partBytes: number): Promise<void> {
  const { key, signal, sizeBytes, contentType } = job;
  if (sizeBytes > partBytes) return await uploadParts(requests, job, partBytes);
  const body = await readPart(job.file, 0, sizeBytes);
  const headers = { "content-type": contentType, "content-md5": md5(body) };
  await done(requests.succeed("PUT", { key, headers, body, signal }));
}

async function uploadParts(requests: S3Requests, job: Upload, partBytes: number): Promise<void> {
  const { key, signal, file, sizeBytes, contentType } = job;
  const begun = await requests.succeed("POST", {
    key,
    signal,
    query: { uploads: "" },
    headers: { "content-type": contentType },
  });
  const uploadId = tagged(await readBody(requests, begun, signal), "UploadId");
  if (uploadId === undefined) {
    throw new JobError("storage", "The image store began an upload without an id");
  }
  try {
    const tags: string[] = [];
    for (let at = 0; at < sizeBytes; at += partBytes) {
      const body = await readPart(file, at, Math.min(partBytes, sizeBytes - at));
      const query = { partNumber: String(tags.length + 1), uploadId };
      const headers = { "content-md5": md5(body) };
      const stored = await requests.succeed("PUT", { key, signal, query, headers, body });
      await stored.body?.cancel();
      tags.push(stored.headers.get("etag") ?? "");
    }
    await complete(requests, { key, signal, uploadId, tags });
    // Others of the name have nothing to add.
    await giveUpUploads(requests, key, signal);
  } catch (error) {
    await giveUp(requests, key, uploadId);
    throw error;
  }
}

/** Parts of an upload that is never completed would be kept, and paid for. */
async function giveUp(requests: S3Requests, key: string, uploadId: string): Promise<void> {
  const { signal } = new AbortController();
  const request = { key, query: { uploadId }, attempts: 1, signal };
  await done(requests.send("DELETE", request)).catch(() => {});
}

/**
 * Takes back the parts that those who died have left under a name; who still is at work on them begins anew. Where they
 * cannot be listed, they are left to the bucket's own rules.
 */
export async function giveUpUploads(
  requests: S3Requests,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { uploads: "", prefix: key };
  const text = await requests.succeed("GET", { key: "", query, signal, attempts: 1 })
    .then((answer) => readBody(requests, answer, signal)).catch(() => "");
  for (const [, upload = ""] of text.matchAll(/<Upload>(.*?)<\/Upload>/gs)) {
    const uploadId = tagged(upload, "UploadId");
    if (tagged(upload, "Key") === key && uploadId !== undefined) {
      await giveUp(requests, key, uploadId);
    }
  }
}

async function complete(
  requests: S3Requests,
  { key, signal, uploadId, tags }: {
    key: string;
    signal: AbortSignal;
    uploadId: string;
    tags: readonly string[];
  },
): Promise<void> {
  const parts = tags.map((tag, index) =>
    `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escape(tag)}</ETag></Part>`
  );
  const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const body = new TextEncoder().encode(xml);
  const answer = await requests.succeed("POST", { key, signal, query: { uploadId }, body });
  // This request alone may fail with status 200, since the answer begins before the end is known.
  const text = await readBody(requests, answer, signal);
  const code = tagged(text, "Code");
  if (code === undefined) return;
  throw new JobError("storage", `The image store: ${code}: ${tagged(text, "Message") ?? ""}`);
}

async function readBody(
  requests: S3Requests,
  answer: Response,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await readText(answer, requests.answerMs);
  } catch (cause) {
    signal.throwIfAborted();
    throw new JobError("storage", `The image store: ${messageOf(cause)}`, { cause });
  }
}

async function readPart(
  file: Deno.FsFile,
  at: number,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  await file.seek(at, Deno.SeekMode.Start);
  const part = new Uint8Array(bytes);
  for (let filled = 0; filled < bytes;) {
    const count = await file.read(part.subarray(filled));
    if (count === null) throw new JobError("storage", "An image became shorter while it was read");
    filled += count;
  }
  return part;
}

/** The store compares it with what arrived. */
function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("base64");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

async function done(answer: Promise<Response>): Promise<void> {
  await (await answer).body?.cancel();
}

/** Reads an object; where the line breaks, it goes on from there. */

import { JobError, messageOf } from "../../errors.ts";
import { isKnownType, UNKNOWN_TYPE } from "../file_type.ts";
import type { ImageFile } from "../image_file.ts";
import { type S3Requests, within } from "./requests.ts";

/** Times that a broken line is taken up again without a byte in between. */
const MOST_BREAKS = 4;

/** Looks at an object; `undefined` if there is none of that name. */
export async function openObject(
  requests: S3Requests,
  key: string,
  signal: AbortSignal,
): Promise<ImageFile | undefined> {
  const answer = await requests.send("HEAD", { key, signal });
  await answer.body?.cancel();
  if (answer.status === 404) return undefined;
  if (!answer.ok) {
    const remedy = "look at the worker's rights: s3:GetObject, and s3:ListBucket for what is gone";
    throw new JobError("storage", `The image store: HTTP ${answer.status}; ${remedy}`);
  }
  const etag = answer.headers.get("etag") ?? "";
  const length = answer.headers.get("content-length") ?? "";
  if (!/^\d{1,15}$/.test(length)) {
    throw new JobError("storage", "The image store does not tell how long the image is");
  }
  const contentType = answer.headers.get("content-type") ?? "";
  return {
    sizeBytes: Number(length),
    etag,
    contentType: isKnownType(contentType) ? contentType : UNKNOWN_TYPE,
    read: (first, last) => pieces(requests, { key, etag, first, last, signal }),
    [Symbol.dispose]() {},
  };
}

interface Piece {
  readonly key: string;
  readonly etag: string;
  readonly first: number;
  readonly last: number;
  readonly signal: AbortSignal;
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function pieces(
  requests: S3Requests,
  { key, etag, first, last, signal }: Piece,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  let next = first;
  let breaks = 0;
  const begin = async (): Promise<Reader> => {
    // Of another object, one half would be of no use.
    const headers = {
      range: `bytes=${next}-${last}`,
      ...(etag === "" ? {} : { "if-match": etag }),
    };
    const answer = await requests.succeed("GET", { key, signal, headers });
    const range = answer.headers.get("content-range") ?? "";
    const isIt = answer.status === 206 && range.startsWith(`bytes ${next}-`);
    if (!isIt || answer.body === null) {
      await answer.body?.cancel();
      throw new JobError("storage", "The image store does not answer with the piece asked for");
    }
    return answer.body.getReader();
  };
  // A refusal is told before anything is read.
  let reader: Reader | undefined = first > last ? undefined : await begin();
  return new ReadableStream({
    async pull(controller) {
      while (next <= last) {
        try {
          reader ??= await begin();
          const { value, done } = await within(requests.answerMs, reader.read());
          if (done) throw new Error("The line broke");
          const chunk = value.subarray(0, last - next + 1);
          next += chunk.length;
          breaks = 0;
          controller.enqueue(chunk);
          break;
        } catch (error) {
          await reader?.cancel().catch(() => {});
          reader = undefined;
          breaks += 1;
          if (error instanceof JobError || signal.aborted || breaks > MOST_BREAKS) {
            throw error instanceof JobError
              ? error
              : new JobError("storage", `The image store: ${messageOf(error)}`);
          }
        }
      }
      if (next > last) {
        await reader?.cancel().catch(() => {});
        controller.close();
      }
    },
    async cancel() {
      await reader?.cancel();
    },
  }, { highWaterMark: 0 });
}

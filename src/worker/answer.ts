/** Bytes of a request to bytes of its answer. */

import { ProtocolError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { compress, compressionOf } from "../protocol/compression.ts";
import { encodeReply } from "../protocol/encode.ts";
import type { Reply, Request } from "../protocol/mod.ts";
import { type ReadRequest, readRequest } from "../protocol/requests.ts";
import { startSpan } from "../trace.ts";

/** A request as the socket hands it up. */
export interface RawRequest {
  /** Frames of the body; one unless the peer breaks the protocol. */
  readonly frames: readonly Uint8Array[];
  /** Whose it is, where that can be told. */
  readonly owner?: string;
  /** True if another one is there already. */
  isFollowed(): boolean;
  /** Sends the answer. */
  reply(body: Uint8Array): void;
}

/** Answers a valid request; `isFollowed` tells whether another one is there already. */
export type Handle = (
  request: Request,
  isFollowed: () => boolean,
  owner?: string,
) => Promise<Reply>;

/** The answer to what a peer has sent, be it a request or garbage. */
export async function answer(
  { frames, isFollowed, owner }: Omit<RawRequest, "reply">,
  handle: Handle,
  logger: Logger,
): Promise<Uint8Array> {
  let reply: Reply;
  try {
    const read = parse(frames);
    reply = await handle(
      read.type === "sure" ? read.request : await judge(read),
      isFollowed,
      owner,
    );
  } catch (error) {
    reply = refusal(error, logger);
  }
  const bytes = encodeOrRefuse(reply, logger);
  const [body] = frames;
  // A refusal too: who compresses a request expects a compressed reply, whatever it says.
  const method = body === undefined ? undefined : compressionOf(body);
  return method === undefined ? bytes : compress(bytes, method);
}

/** Who sends what is right does not make the worker load the schemas. */
async function judge(read: ReadRequest): Promise<Request> {
  const { judgeRequest } = await import(
    new URL("../protocol/codec.ts", import.meta.url).href
  ) as typeof import("../protocol/codec.ts");
  return judgeRequest(read);
}

function parse(frames: readonly Uint8Array[]): ReadRequest {
  const [body] = frames;
  if (body === undefined || frames.length !== 1) {
    throw new ProtocolError(
      "malformed",
      `Malformed request: expected one frame with the message, got ${frames.length}`,
    );
  }
  using _span = startSpan("decode a request");
  return readRequest(body);
}

function refusal(error: unknown, logger: Logger): Reply {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProtocolError) {
    logger.log("debug", `Refused a request: ${message}`);
    if (error.jobId === undefined) return { type: "error", message };
    return { type: "job_error", job_id: error.jobId, error: message };
  }
  logger.log("error", `Cannot answer a request: ${message}`);
  return { type: "error", message: `Communication error: ${message}` };
}

function encodeOrRefuse(reply: Reply, logger: Logger): Uint8Array {
  try {
    return encodeReply(reply);
  } catch (error) {
    return encodeReply(refusal(error, logger));
  }
}

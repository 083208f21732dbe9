/** The request loop: every request is answered exactly once, bad bytes too. */

import { ProtocolError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { startSpan } from "../trace.ts";
import {
  compress,
  compressionOf,
  decodeRequest,
  encodeReply,
  type Reply,
  type Request,
} from "../protocol/mod.ts";

/** A request as the socket hands it up. */
export interface RawRequest {
  /** Frames of the body; one unless the peer breaks the protocol. */
  readonly frames: readonly Uint8Array[];
  /** Sends the answer. */
  reply(body: Uint8Array): void;
}

/** What the loop is made of. */
export interface ServeOptions {
  /** Where requests come from; the loop ends when it ends. */
  requests: AsyncIterable<RawRequest>;
  /** Answers a valid request. */
  handle: (request: Request) => Promise<Reply>;
  /** Answers from its bytes alone what needs no thought; `undefined` leaves it to `handle`. */
  instant?: (body: Uint8Array) => Uint8Array | undefined;
  /** Requests under way at once; beyond it the socket waits. @default {1024} */
  maxInFlight?: number;
  /** Takes log lines. */
  logger?: Logger;
}

/** Serves until the socket is closed and every request that came was answered. */
export async function serveRequests(options: ServeOptions): Promise<void> {
  const { requests, handle, instant, maxInFlight = 1_024, logger = silentLogger } = options;
  const inFlight = new Set<Promise<void>>();
  for await (const request of requests) {
    const ready = answerAtOnce(request, instant);
    if (ready !== undefined) {
      request.reply(ready);
      continue;
    }
    const answer = respond(request, handle, logger).finally(() => inFlight.delete(answer));
    inFlight.add(answer);
    if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
}

function answerAtOnce(
  { frames }: RawRequest,
  instant: ServeOptions["instant"],
): Uint8Array | undefined {
  const [body] = frames;
  return body === undefined || frames.length !== 1 ? undefined : instant?.(body);
}

async function respond(
  raw: RawRequest,
  handle: ServeOptions["handle"],
  logger: Logger,
): Promise<void> {
  let reply: Reply;
  try {
    reply = await handle(parse(raw));
  } catch (error) {
    reply = refusal(error, logger);
  }
  const bytes = encodeOrRefuse(reply, logger);
  const [body] = raw.frames;
  // A refusal too: who compresses a request expects a compressed reply, whatever it says.
  const method = body === undefined ? undefined : compressionOf(body);
  raw.reply(method === undefined ? bytes : compress(bytes, method));
}

function parse({ frames }: RawRequest): Request {
  const [body] = frames;
  if (body === undefined || frames.length !== 1) {
    throw new ProtocolError(
      "malformed",
      `Malformed request: expected one frame with the message, got ${frames.length}`,
    );
  }
  using _span = startSpan("decode a request");
  return decodeRequest(body);
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

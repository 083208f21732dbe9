/** The request loop: every request is answered exactly once, bad bytes too. */

import { type Logger, silentLogger } from "../log.ts";
import type { Handle, RawRequest } from "./answer.ts";

/** What the loop is made of. */
export interface ServeOptions {
  /** Where requests come from; the loop ends when it ends. */
  requests: AsyncIterable<RawRequest>;
  /** Answers a valid request. */
  handle: Handle;
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

/** Does all that can be done at once before the loop looks for the next request. */
async function respond(request: RawRequest, handle: Handle, logger: Logger): Promise<void> {
  // Whoever only pings does not make the worker load the codec, and a start goes faster without.
  const { answer } = answering ??= await import(
    new URL("./answer.ts", import.meta.url).href
  ) as typeof import("./answer.ts");
  request.reply(await answer(request, handle, logger));
}

let answering: typeof import("./answer.ts") | undefined;

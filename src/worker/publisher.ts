/** Turns updates into numbered messages for every subscriber, in the order given. */

import { messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { startSpan } from "../trace.ts";
import { encodeUpdate } from "../protocol/encode.ts";
import type { Update } from "../protocol/mod.ts";

/** What the publisher needs of a socket. */
export interface UpdateSocket {
  /** Takes a message for every subscriber. */
  publish(body: Uint8Array, options?: { droppable?: boolean }): void;
}

/** Publishes updates. */
export interface Publisher {
  /** Takes an update. Progress and previews may be dropped under load, the rest never is. */
  publish(update: Update): void;
}

/** Where the stream of updates stands, by which subscribers find out what they missed. */
export interface UpdatePosition {
  /** Which life of the worker this is: when it began, in Unix milliseconds. */
  readonly epoch: number;
  /** Number of the last update, 0 before the first one. */
  readonly lastSeq: number;
}

/** Options of {@linkcode createPublisher}. */
export interface PublisherOptions {
  /** Takes log lines. */
  logger?: Logger;
  /** Which life of the worker this is; no two may be the same. @default {the time} */
  epoch?: number;
  /** Hears each update with its number, before it is sent. */
  onUpdate?: (update: Update, seq: number) => void;
}

/** Creates a publisher on a socket. */
export function createPublisher(
  socket: UpdateSocket,
  options: PublisherOptions = {},
): Publisher & UpdatePosition {
  const { logger = silentLogger, epoch = Date.now(), onUpdate = () => {} } = options;
  let lastSeq = 0;
  return {
    epoch,
    get lastSeq() {
      return lastSeq;
    },
    publish(update) {
      using _span = startSpan("publish an update", { jobId: update.job_id });
      // An update that cannot be sent uses its number up: that it is missing shall be noticed.
      lastSeq += 1;
      try {
        onUpdate(update, lastSeq);
        const droppable = update.type === "progress" || update.type === "preview";
        socket.publish(encodeUpdate({ ...update, epoch, seq: lastSeq }), { droppable });
      } catch (error) {
        logger.log("error", `Cannot publish ${update.type}: ${messageOf(error)}`, {
          jobId: update.job_id,
        });
      }
    },
  };
}

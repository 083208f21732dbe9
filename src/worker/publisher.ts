/** Turns updates into messages for every subscriber, in the order given. */

import { type Logger, silentLogger } from "../log.ts";
import { startSpan } from "../trace.ts";
import { encodeUpdate, type Update } from "../protocol/mod.ts";

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

/** Creates a publisher on a socket. */
export function createPublisher(socket: UpdateSocket, logger: Logger = silentLogger): Publisher {
  return {
    publish(update) {
      using _span = startSpan("publish an update", { jobId: update.job_id });
      try {
        const droppable = update.type === "progress" || update.type === "preview";
        socket.publish(encodeUpdate(update), { droppable });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        logger.log("error", `Cannot publish ${update.type}: ${message}`, { jobId: update.job_id });
      }
    },
  };
}

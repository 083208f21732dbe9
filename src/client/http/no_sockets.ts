/** What a browser has in the place of `zmq/link.ts`. */

import { TransportError } from "../../errors.ts";

/** Refuses. @throws {TransportError} `unsupported`. */
export function openZmqLink(): never {
  throw new TransportError(
    "unsupported",
    "A browser has no ZeroMQ sockets; name the worker's HTTP: connect({ url })",
  );
}

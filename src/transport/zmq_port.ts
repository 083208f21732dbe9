/** What the request server needs of a ROUTER, be it the addon's or libzmq's own. */

import type { Frames } from "./zmq_socket.ts";

/** A ROUTER that never waits. */
export interface RouterPort {
  /** True when there is a message. */
  readonly readable: boolean;
  /** The endpoint it was last bound to. */
  readonly lastEndpoint: string | null;
  /** Binds it. */
  bind(address: string): Promise<void>;
  /** The next message. @throws {Error} with the code `EAGAIN` if there is none. */
  receive(): Promise<Frames>;
  /** The next message, if it is there; a socket of the package cannot tell without a promise. */
  take?(): Frames | undefined;
  /**
   * Sends a message, the identity of its peer first.
   *
   * @throws {Error} with the code `EAGAIN` if the peer does not read, `EHOSTUNREACH` if it is gone; where
   *   a promise is returned, that one fails.
   */
  send(frames: Frames): void | Promise<void>;
  /** Frees it; what was sent gets a moment to leave. */
  close(): void | Promise<void>;
}

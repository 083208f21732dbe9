/** What the servers need of a ROUTER and a PUB, be they the addon's or libzmq's own. */

import type { BindableSocket } from "./bind.ts";
import type { Frames } from "./options.ts";

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

/** A PUB that never waits. */
export interface PublisherPort extends BindableSocket {
  /** Sends a message; false when a subscriber's pipe is full, and then nobody has got it. */
  trySend(body: Uint8Array): boolean | Promise<boolean>;
  /** Learns what has been read meanwhile; sending alone looks once a while. */
  look(): void;
  /** Whether a message that does not fit into a pipe is dropped for that subscriber. */
  allowDrops(drops: boolean): void;
}

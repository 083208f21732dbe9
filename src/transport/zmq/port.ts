/** What the servers need of a ROUTER and a PUB, be they the addon's or libzmq's own. */

import type { BindableSocket } from "./bind.ts";
import type { Frames } from "./options.ts";

/** A connection as long as it lasts. */
export interface Connection {
  readonly descriptor: number;
}

/** Who keeps the door of a socket. */
export interface Door {
  /** The connection that has a descriptor now, if it is one of the socket's. */
  connectionOf(descriptor: number): Connection | undefined;
  /** Counts a connection for the owner of a key, who may have so many as an address may. */
  noteUser(descriptor: number, user: string): void;
  /** Cuts a connection off that has not ended yet. */
  cut(connection: Connection): void;
}

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
  /** Who keeps its door, where somebody does. */
  readonly door?: Door | undefined;
  /** Begins or ends to know who sends, which costs a little. */
  wantSender?(isWanted: boolean): void;
  /** The descriptor over which the last message came, while it is known. */
  lastSender?(): number | undefined;
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

/** What ZeroMQ sockets share, whatever runtime they are on. */

import type { Dealer, Subscriber } from "zeromq";
import { TransportError } from "../../errors.ts";
import { checkAddress } from "./address.ts";

/** A message as ZeroMQ knows it; `user` is the public key of who sent it, if it had to show one. */
export type Frames = Uint8Array[] & { user?: string };

/** The sockets of the package that connect. */
export type ConnectingSocket = Dealer | Subscriber;

/** Receives for a socket that connects. */
export interface FrameReceiver {
  /** The next message, or `undefined` once closed or interrupted. */
  receive(): Promise<Frames | undefined>;
  /** To be called after every other use of the socket. */
  recheck(): void;
  /** Makes a `receive()` under way return without a message. */
  interrupt(): void;
  /** Ends waits under way; the socket itself may be closed when this has resolved. */
  close(): Promise<void>;
}

/** What sockets that connect need of the runtime they are on. */
export interface ConnectRuntime {
  /** Makes the receiver of an open socket, or closes the socket. */
  receiverOf(socket: ConnectingSocket): FrameReceiver;
  /** How long the addon itself waits for a message, in milliseconds; -1 for as long as it takes. */
  readonly receiveTimeout: number;
  /** True for an IPv6 address in brackets, and for a name that has IPv6 addresses only. */
  needsIpv6(address: string): Promise<boolean>;
}

/**
 * Options common to all sockets. Connections of a host that vanished are found by TCP keepalive, not by
 * ZeroMQ heartbeats: these also cut a peer that is alive but too busy to read.
 */
export const COMMON_OPTIONS = {
  /** Gives up a stranger who connects and does not speak ZeroMQ. */
  handshakeInterval: 5_000,
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 30,
  tcpKeepaliveInterval: 10,
  tcpKeepaliveCount: 3,
} as const;

/** Options of sockets that connect: quick at first, patient with a server that is down for long. */
export const CONNECT_OPTIONS = {
  ...COMMON_OPTIONS,
  linger: 0,
  reconnectInterval: 50,
  reconnectMaxInterval: 2_000,
} as const;

/** Connects, which only checks the address: the peer need not be there. */
export function connectSocket(socket: ConnectingSocket, address: string): void {
  try {
    checkAddress("connect to", address);
    socket.connect(address);
  } catch (cause) {
    socket.close();
    if (cause instanceof TransportError) throw cause;
    const message = `Cannot connect to ${address}: not an address ZeroMQ knows, ` +
      `write tcp://HOST:PORT or ipc://PATH`;
    throw new TransportError("address_invalid", message, { cause });
  }
}

/** A plain view: `Buffer` is a Node class with a different `slice`, and consumers are promised bytes. */
export function plainBytes(frame: Uint8Array): Uint8Array {
  return new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
}

/** Who comes and goes on a bound socket, as libzmq tells it. */

import type { Libzmq } from "./libzmq.ts";
import { NativeSocket, type NativeSocketOptions, ZMQ } from "./native.ts";

/** Where the events are to be had, within the socket's context. */
const ENDPOINT = "inproc://monitor";

/** Events of zmq.h. */
const ACCEPTED = 0x20;
const CLOSED = 0x80;
const DISCONNECTED = 0x200;

/** Size of an event: its number in 16 bits, its value in 32. */
const EVENT_BYTES = 6;

/** A change: a connection by its descriptor. */
export interface ConnectionEvent {
  readonly descriptor: number;
  readonly isOpen: boolean;
}

/** Hears of the connections of another socket. */
export class Monitor extends NativeSocket {
  readonly #event = new Uint8Array(EVENT_BYTES);
  readonly #view = new DataView(this.#event.buffer);

  /** Listens from now on, so before the other is bound. */
  constructor(library: Libzmq, watched: NativeSocket, options: NativeSocketOptions) {
    super(library, ZMQ.PAIR, options, watched.context);
    // libzmq's own thread waits for room, and with it every connection.
    this.set(ZMQ.RCVHWM, 0);
    watched.tellEvents(ENDPOINT, ACCEPTED | CLOSED | DISCONNECTED);
    this.connect(ENDPOINT);
  }

  /** The next event, if there is one. */
  next(): ConnectionEvent | undefined {
    if (!this.#receive()) return undefined;
    const isOpen = this.#view.getUint16(0, true) === ACCEPTED;
    const descriptor = this.#view.getInt32(2, true);
    // The other part is the address.
    while (this.getInt32Option(ZMQ.RCVMORE) !== 0 && this.#receive());
    return { descriptor, isOpen };
  }

  #receive(): boolean {
    const { zmq_recv } = this.zmq;
    do {
      const size = zmq_recv(this.socket, this.#event, BigInt(EVENT_BYTES), ZMQ.DONTWAIT);
      if (size >= 0) return true;
    } while (this.wasInterrupted());
    return false;
  }
}

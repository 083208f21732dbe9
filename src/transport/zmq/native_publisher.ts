/** A PUB on libzmq without the addon in between. */

import type { Libzmq } from "./libzmq.ts";
import { NativeSocket, type NativeSocketOptions, ZMQ } from "./native.ts";
import type { PublisherPort } from "./port.ts";
import { errorCode } from "./socket.ts";

/** A PUB that drops nothing unless told to. */
export class NativePublisher extends NativeSocket implements PublisherPort {
  /** Makes a socket; the share in the library is given back with it. */
  constructor(library: Libzmq, options: NativeSocketOptions) {
    super(library, ZMQ.PUB, options);
    this.allowDrops(false);
  }

  trySend(body: Uint8Array): boolean {
    try {
      this.check(() => this.zmq.zmq_send(this.socket, body, BigInt(body.length), ZMQ.DONTWAIT));
      return true;
    } catch (error) {
      if (errorCode(error) === "EAGAIN") return false;
      throw error;
    }
  }

  look(): void {
    this.getInt32Option(ZMQ.EVENTS);
  }

  /** libzmq takes the option at once, on a bound socket too (`xpub_t::xsetsockopt`). */
  allowDrops(drops: boolean): void {
    this.set(ZMQ.XPUB_NODROP, drops ? 0 : 1);
  }
}

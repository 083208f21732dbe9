/** A frame that tells whose it is, where `zmq_recv` gives its bytes alone. */

import type { LibzmqSymbols } from "./libzmq.ts";
import { ZMQ } from "./native.ts";

/** `sizeof(zmq_msg_t)` of zmq.h. */
const MESSAGE_BYTES = 64;

/** A `zmq_msg_t`, used again for frame after frame. */
export class NativeMessage implements Disposable {
  readonly #zmq: LibzmqSymbols;
  /** A small frame lies within it, so it must not move: more than V8 keeps among its own objects. */
  readonly #memory = new Uint8Array(4 * MESSAGE_BYTES);
  readonly #pointer = Deno.UnsafePointer.of(this.#memory);
  readonly #names = new Map<string, Uint8Array<ArrayBuffer>>();

  /** An empty frame. */
  constructor(zmq: LibzmqSymbols) {
    this.#zmq = zmq;
    zmq.zmq_msg_init(this.#pointer);
  }

  /** Receives the next frame in place of the one before; false if there is none, or a signal came. */
  receive(socket: Deno.PointerValue): boolean {
    return this.#zmq.zmq_msg_recv(this.#pointer, socket, ZMQ.DONTWAIT) >= 0;
  }

  /** A copy of its bytes. */
  bytes(): Uint8Array {
    const copy = new Uint8Array(Number(this.#zmq.zmq_msg_size(this.#pointer)));
    const data = this.#zmq.zmq_msg_data(this.#pointer);
    if (data !== null) Deno.UnsafePointerView.copyInto(data, copy);
    return copy;
  }

  /** What libzmq or the ZAP handler says about its sender, by name. */
  property(name: string): string | undefined {
    let text = this.#names.get(name);
    if (text === undefined) this.#names.set(name, text = new TextEncoder().encode(`${name}\0`));
    const value = this.#zmq.zmq_msg_gets(this.#pointer, text);
    return value === null ? undefined : Deno.UnsafePointerView.getCString(value);
  }

  [Symbol.dispose](): void {
    this.#zmq.zmq_msg_close(this.#pointer);
  }
}

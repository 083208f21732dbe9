/**
 * Keeps the answers to each peer in the order of its requests, and its share of memory bounded.
 *
 * Knows nothing of sockets, so that both transports use it.
 */

import { Fifo } from "./fifo.ts";

/** What keeping one unanswered request costs, in bytes; roughly right is enough for a bound. */
const SLOT_BYTES = 64;

/** The place of one answer in its peer's order. */
interface Slot<E> {
  readonly envelope: E;
  body: Uint8Array | undefined;
  /** How many times it goes out. */
  times: number;
  /** True if nothing goes out from here on. */
  isEnd: boolean;
}

/** How to use the place of one answer. */
export interface Place {
  /** Puts the answer there; false if it was not the first to do so. */
  fill(body: Uint8Array): boolean;
  /** Has no answer leave from here on, whatever comes. */
  end(): void;
}

/** An answer whose turn it is. */
export interface DueReply<E> {
  /** Who gets it, as given with the request. */
  readonly envelope: E;
  /** The bytes. */
  readonly body: Uint8Array;
}

/** The requests of one peer that have not been answered over the wire yet. */
export class PeerReplies<E> {
  readonly #slots = new Fifo<Slot<E>>();
  readonly #maxBytes: number;
  #bytes = 0;
  #abandoned = false;

  /** Creates an empty order that keeps at most about `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True when nothing is owed. */
  get settled(): boolean {
    return this.#slots.size === 0;
  }

  /** True when the peer keeps more waiting than it may. */
  get full(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** Takes a place in the order for a request. */
  open(envelope: E): Place {
    const slot: Slot<E> = { envelope, body: undefined, times: 1, isEnd: false };
    this.#slots.push(slot);
    this.#bytes += SLOT_BYTES;
    return {
      fill: (body) => {
        if (this.#abandoned || slot.body !== undefined) return false;
        slot.body = body;
        this.#bytes += body.length;
        return true;
      },
      end: () => slot.isEnd = true,
    };
  }

  /**
   * Takes a place for a request that is answered at once. One after the other to the same envelope take up
   * hardly any memory, however many they are.
   */
  openFilled(envelope: E, body: Uint8Array, isSame: (one: E, other: E) => boolean): void {
    const last = this.#slots.peekLast();
    this.#bytes += SLOT_BYTES + body.length;
    if (last?.body === body && isSame(last.envelope, envelope)) last.times += 1;
    else this.#slots.push({ envelope, body, times: 1, isEnd: false });
  }

  /** The answer that may leave now, if the oldest request has got one. */
  due(): DueReply<E> | undefined {
    const slot = this.#slots.peek();
    if (slot?.isEnd === true) this.abandon();
    if (slot?.body === undefined || slot.isEnd) return undefined;
    return { envelope: slot.envelope, body: slot.body };
  }

  /** Forgets the answer that `due()` told of: it has left. */
  settle(): void {
    const slot = this.#slots.peek();
    if (slot === undefined) return;
    slot.times -= 1;
    if (slot.times === 0) this.#slots.shift();
    this.#bytes -= SLOT_BYTES + (slot.body?.length ?? 0);
  }

  /** Nothing is owed any more and answers to come go nowhere. */
  abandon(): void {
    this.#abandoned = true;
    this.#slots.clear();
    this.#bytes = 0;
  }
}

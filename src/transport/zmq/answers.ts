/**
 * Answers on their way out through a ROUTER, and the peers to whom they are owed. Its option `mandatory` makes
 * ZeroMQ tell what it would otherwise hide by dropping the answer: that a peer is gone (EHOSTUNREACH) or does
 * not read (EAGAIN).
 */

import { PeerReplies, type Place } from "../replies.ts";
import { Expulsion, type SenderPort } from "./expulsion.ts";
import type { Envelope } from "./envelope.ts";
import type { RouterPort } from "./port.ts";
import { errorCode, type Receiver } from "./socket.ts";

/** Pauses before trying a peer again that does not read its answers, in milliseconds. */
const FIRST_RETRY_MS = 2;
const LAST_RETRY_MS = 64;

/** How many peers that were given up are remembered; a stranger must not fill the memory with them. */
const MAX_SILENCED = 10_000;

/** One peer, as long as answers are owed to it. */
export interface Peer {
  readonly key: string;
  readonly replies: PeerReplies<Envelope>;
  sending: boolean;
  /** True while ZeroMQ does not take its answers. */
  stuck: boolean;
}

/** What is owed, and to whom. */
export class Answers {
  readonly #socket: Pick<RouterPort, "send">;
  readonly #receiver: Pick<Receiver, "expect" | "recheck">;
  readonly #maxBacklogBytes: number;
  readonly #peers = new Map<string, Peer>();
  /** Peers with an answer that ZeroMQ did not take yet. */
  readonly #stuck = new Set<Peer>();
  /** Peers whose further requests go unanswered, see `#silence`. */
  readonly #silenced = new Set<string>();
  readonly #expulsion: Expulsion;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;

  /** Owes nothing yet. */
  constructor(
    socket: Pick<RouterPort, "send"> & SenderPort,
    receiver: Pick<Receiver, "expect" | "recheck">,
    maxBacklogBytes: number,
  ) {
    this.#socket = socket;
    this.#expulsion = new Expulsion(socket);
    this.#receiver = receiver;
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  /** True when nobody is owed anything. */
  get isEmpty(): boolean {
    return this.#peers.size === 0;
  }

  /** The peer of this key. */
  peerOf(key: string): Peer {
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      peer = { key, replies: new PeerReplies(this.#maxBacklogBytes), sending: false, stuck: false };
      this.#peers.set(key, peer);
    }
    return peer;
  }

  /** True if a peer that asks was given up; its requests get no answers any more. */
  isSilenced(key: string): boolean {
    if (!this.#silenced.has(key)) return false;
    this.#expulsion.note(key);
    return true;
  }

  /** Gives a peer up that has too many answers waiting; true if it was or is. */
  isGivenUp(peer: Peer): boolean {
    if (!this.#silenced.has(peer.key) && peer.replies.full) this.#silence(peer);
    return this.#silenced.has(peer.key);
  }

  /** Has no answer go to a peer from here on; what was answered before still goes out. */
  end(peer: Peer, place: Place): void {
    place.end();
    if (peer.replies.due() !== undefined) return this.send(peer);
    if (peer.replies.settled && this.#peers.get(peer.key) === peer) this.#peers.delete(peer.key);
  }

  /** Sends what is due to a peer, one answer after the other: a gap must not be overtaken. */
  send(peer: Peer): void {
    if (peer.sending || this.#stuck.has(peer)) return;
    for (let reply = peer.replies.due(); reply !== undefined; reply = peer.replies.due()) {
      try {
        const sending = this.#socket.send([...reply.envelope, reply.body]);
        if (sending !== undefined) return this.#await(peer, sending);
      } catch (error) {
        this.#failed(peer, error);
        break;
      }
      this.#sent(peer);
    }
    this.#receiver.expect();
    this.#receiver.recheck();
  }

  /** Owes nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    for (const peer of this.#peers.values()) peer.replies.abandon();
  }

  /**
   * Gives up a peer that asks and asks without reading. What was answered still goes out in order; its
   * later requests are dropped, all of them, because an answer after a gap would look like the answer
   * to another request.
   */
  #silence(peer: Peer): void {
    this.#silenced.add(peer.key);
    if (this.#silenced.size <= MAX_SILENCED) return;
    for (const oldest of this.#silenced) {
      this.#silenced.delete(oldest);
      return;
    }
  }

  #await(peer: Peer, sending: Promise<void>): void {
    peer.sending = true;
    sending.then(
      () => {
        peer.sending = false;
        this.#sent(peer);
        this.send(peer);
      },
      (error) => {
        peer.sending = false;
        this.#failed(peer, error);
      },
    );
    this.#receiver.recheck();
  }

  #sent(peer: Peer): void {
    if (peer.stuck) this.#retryMs = FIRST_RETRY_MS;
    peer.stuck = false;
    peer.replies.settle();
    // What comes next may be the end.
    void peer.replies.due();
    if (peer.replies.settled) this.#peers.delete(peer.key);
  }

  #failed(peer: Peer, error: unknown): void {
    if (errorCode(error) === "EAGAIN" && !this.#isClosed) {
      peer.stuck = true;
      this.#stuck.add(peer);
      this.#retryTimer ??= setTimeout(() => this.#retry(), this.#retryMs);
      return;
    }
    peer.replies.abandon();
    this.#peers.delete(peer.key);
    this.#silenced.delete(peer.key);
    this.#expulsion.forget(peer.key);
  }

  #retry(): void {
    const peers = [...this.#stuck];
    this.#stuck.clear();
    this.#retryTimer = undefined;
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    for (const peer of peers) this.send(peer);
  }
}

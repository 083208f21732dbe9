/** The request server on a ZeroMQ ROUTER. */

import type { BindOptions, IncomingRequest, RequestServer } from "../sockets.ts";
import { type Libzmq, openLibzmq } from "./libzmq.ts";
import { type Binding, bindSocket, boundOptions } from "./bind.ts";
import { crowdOf, openRouter } from "./open.ts";
import type { RouterPort } from "./port.ts";
import { FairQueue } from "../fair_queue.ts";
import { PeerReplies } from "../replies.ts";
import { type Frames, plainBytes } from "./options.ts";
import { errorCode, type Receiver, receiverOf } from "./socket.ts";
import { nextTurn, TurnBudget } from "./turns.ts";

/** Pauses before trying a peer again that does not read its answers, in milliseconds. */
const FIRST_RETRY_MS = 2;
const LAST_RETRY_MS = 64;

/** How many peers that were given up are remembered; a stranger must not fill the memory with them. */
const MAX_SILENCED = 10_000;

/** Messages of one peer in a row after which the others have gone. */
const CROWD_MESSAGES = 16;

/** Messages looked at before one is chosen, so that each of that many peers has its turn. */
const CHOICE_MESSAGES = 32;

/** Time for which those at hand are served before the next look, in milliseconds. */
const CHOICE_MS = 0.1;

/** Bytes copied before one is chosen; more would take longer than to serve the first. */
const CHOICE_BYTES = 262_144;

/** What a request takes at least, and each of its bytes, in milliseconds. */
const REQUEST_MS = 0.01;
const BYTE_MS = 2e-6;

/** Identity and envelope, to be sent back before the answer. */
type Envelope = readonly Uint8Array[];

/** A request, and whose it is: who has a key has one share, however many connections it opens. */
interface Arrival {
  readonly owner: string;
  readonly bytes: number;
  readonly request: IncomingRequest;
}

/** One peer, as long as answers are owed to it. */
interface Peer {
  readonly key: string;
  readonly replies: PeerReplies<Envelope>;
  sending: boolean;
  /** True while ZeroMQ does not take its answers. */
  stuck: boolean;
}

/** Binds a ROUTER; see `Transport.bindRequests`. `openLibrary` finds libzmq without the addon. */
export async function bindRouter(
  address: string,
  options: BindOptions = {},
  openLibrary: () => Promise<Libzmq | undefined> = openLibzmq,
): Promise<RequestServer> {
  const {
    maxMessageBytes = 16_777_216,
    highWaterMark = 256,
    maxBacklogBytes = 16_777_216,
  } = options;
  const socketOptions = await boundOptions(address, {
    maxMessageSize: maxMessageBytes,
    sendHighWaterMark: highWaterMark,
  }, options.gate);
  const socket = await openRouter(openLibrary, socketOptions, options.curve, crowdOf(options));
  return new ZmqRequestServer(
    socket,
    await bindSocket(socket, address, options.gate),
    maxBacklogBytes,
    options.slowDown,
  );
}

/**
 * `mandatory` makes ZeroMQ tell what it would otherwise hide by dropping the answer: that a peer is gone
 * (EHOSTUNREACH) or does not read (EAGAIN).
 */
class ZmqRequestServer implements RequestServer {
  readonly address: string;
  readonly #socket: RouterPort;
  readonly #binding: Binding;
  readonly #receiver: Receiver;
  readonly #maxBacklogBytes: number;
  readonly #slowDown: Uint8Array | undefined;
  readonly #peers = new Map<string, Peer>();
  /** Peers with an answer that ZeroMQ did not take yet. */
  readonly #stuck = new Set<Peer>();
  /** Peers whose further requests go unanswered, see `#silence`. */
  readonly #silenced = new Set<string>();
  /** What came while several peers take turns. */
  readonly #queue = new FairQueue<Arrival>();
  readonly #budget = new TurnBudget();
  /** Whose request was handed up last, and when. */
  #serving:
    | { readonly owner: string; readonly bytes: number; readonly sinceMs: number }
    | undefined;
  #lastOwner: string | undefined;
  /** How many messages from now on there is a crowd, unless there is another change of peers. */
  #turns = 0;
  #lookedAtMs = -Infinity;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closing: Promise<void> | undefined;

  constructor(
    socket: RouterPort,
    binding: Binding,
    maxBacklogBytes: number,
    slowDown: Uint8Array | undefined,
  ) {
    this.#slowDown = slowDown;
    this.#socket = socket;
    this.#binding = binding;
    this.address = binding.address;
    this.#receiver = receiverOf(socket, {
      isAlone: () => this.#peers.size === 0 && this.#queue.isEmpty,
      isCrowded: () => this.#isCrowded,
    });
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  [Symbol.asyncIterator](): AsyncIterator<IncomingRequest> {
    return {
      next: () => this.#nextThere() ?? this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A request that is there already: it goes up without detours. */
  #nextThere(): Promise<IteratorResult<IncomingRequest>> | undefined {
    const nowMs = performance.now();
    this.#charge(nowMs);
    if (!this.#queue.isEmpty && this.#budget.spend(nowMs)) return undefined;
    const arrival = this.#take(nowMs);
    if (arrival === undefined) return undefined;
    return Promise.resolve({ done: false, value: this.#handUp(arrival, nowMs) });
  }

  async #next(): Promise<IteratorResult<IncomingRequest>> {
    for (;;) {
      if (!this.#queue.isEmpty && this.#closing === undefined) {
        await nextTurn();
        const nowMs = performance.now();
        this.#budget.renew(nowMs);
        // Whoever has less waiting than others must come into the queue to be served before them.
        this.#receiver.renew(nowMs);
        const arrival = this.#take(nowMs);
        if (arrival !== undefined) return { done: false, value: this.#handUp(arrival, nowMs) };
      }
      const frames = await this.#receiver.receive();
      if (frames === undefined) return { done: true, value: undefined };
      const arrival = this.#open(frames);
      if (arrival === undefined) continue;
      return { done: false, value: this.#handUp(arrival, performance.now()) };
    }
  }

  #handUp({ owner, bytes, request }: Arrival, sinceMs: number): IncomingRequest {
    if (this.#isCrowded) this.#serving = { owner, bytes, sinceMs };
    return request;
  }

  /** The next request, chosen among those of all peers if there are several. */
  #take(nowMs: number): Arrival | undefined {
    if (!this.#queue.isEmpty && nowMs - this.#lookedAtMs < CHOICE_MS) {
      return this.#queue.shift(nowMs);
    }
    this.#lookedAtMs = nowMs;
    const mayLook = this.#isCrowded ? CHOICE_MESSAGES : 1;
    // libzmq itself looks only once in a while whether somebody asks who did not before.
    if (mayLook > 1) void this.#socket.readable;
    for (let looks = 0, bytes = 0; looks < mayLook && bytes < CHOICE_BYTES; looks++) {
      if (this.#queue.isFull) break;
      const frames = this.#queue.isEmpty ? this.#receiver.take() : this.#receiver.takeAmid(nowMs);
      if (frames === undefined) break;
      const arrival = this.#open(frames);
      if (arrival === undefined) continue;
      const { owner, request } = arrival;
      if (this.#queue.isEmpty && !this.#isCrowded) return arrival;
      if (this.#slowDown !== undefined && this.#isCrowded && this.#queue.isFullFor(owner)) {
        request.reply(this.#slowDown);
        continue;
      }
      this.#queue.push(owner, arrival, arrival.bytes, nowMs);
      bytes += arrival.bytes;
    }
    return this.#queue.shift(nowMs);
  }

  /** True while several ask; also while others wait whose requests all came before. */
  get #isCrowded(): boolean {
    return this.#turns > 0 || this.#queue.owners > 1;
  }

  #note(owner: string): void {
    this.#turns = owner === this.#lastOwner ? Math.max(0, this.#turns - 1) : CROWD_MESSAGES;
    this.#lastOwner = owner;
  }

  /** Whoever was served has taken the time until now. */
  #charge(nowMs: number): void {
    if (this.#serving === undefined) return;
    const { owner, bytes, sinceMs } = this.#serving;
    this.#queue.charge(owner, REQUEST_MS + bytes * BYTE_MS + nowMs - sinceMs, nowMs);
    this.#serving = undefined;
  }

  /** Takes its place in the order of its peer's answers. */
  #open(frames: Frames): Arrival | undefined {
    const key = keyOf(frames[0]!);
    if (this.#silenced.has(key)) return undefined;
    const owner = frames.user ?? key;
    this.#note(owner);
    const peer = this.#peerOf(key);
    if (peer.replies.full) return this.#silence(peer);
    const { envelope, body } = splitEnvelope(frames);
    const answer = peer.replies.open(envelope);
    const request: IncomingRequest = {
      owner,
      frames: body.map(plainBytes),
      isFollowed: () => this.#isFollowed(),
      reply: (bytes) => {
        if (this.#closing === undefined && answer(bytes)) this.#send(peer);
      },
    };
    return { owner, bytes: bytesOf(frames), request };
  }

  #isFollowed(): boolean {
    return this.#closing === undefined && (!this.#queue.isEmpty || this.#receiver.peek());
  }

  #peerOf(key: string): Peer {
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      peer = { key, replies: new PeerReplies(this.#maxBacklogBytes), sending: false, stuck: false };
      this.#peers.set(key, peer);
    }
    return peer;
  }

  /**
   * Gives up a peer that asks and asks without reading. What was answered still goes out in order; its
   * later requests are dropped, all of them, because an answer after a gap would look like the answer
   * to another request.
   */
  #silence(peer: Peer): undefined {
    this.#silenced.add(peer.key);
    if (this.#silenced.size <= MAX_SILENCED) return;
    for (const oldest of this.#silenced) {
      this.#silenced.delete(oldest);
      return;
    }
  }

  /** Sends what is due to a peer, one answer after the other: a gap must not be overtaken. */
  #send(peer: Peer): void {
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

  #await(peer: Peer, sending: Promise<void>): void {
    peer.sending = true;
    sending.then(
      () => {
        peer.sending = false;
        this.#sent(peer);
        this.#send(peer);
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
    if (peer.replies.settled) this.#peers.delete(peer.key);
  }

  #failed(peer: Peer, error: unknown): void {
    if (errorCode(error) === "EAGAIN" && this.#closing === undefined) {
      peer.stuck = true;
      this.#stuck.add(peer);
      this.#retryTimer ??= setTimeout(() => this.#retry(), this.#retryMs);
      return;
    }
    peer.replies.abandon();
    this.#peers.delete(peer.key);
    this.#silenced.delete(peer.key);
  }

  #retry(): void {
    const peers = [...this.#stuck];
    this.#stuck.clear();
    this.#retryTimer = undefined;
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    for (const peer of peers) this.#send(peer);
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    await this.#receiver.close();
    for (const peer of this.#peers.values()) peer.replies.abandon();
    await this.#binding.release();
  }
}

/**
 * Splits a message into what must be sent back unread and the body. As REP does, everything up to the
 * first empty frame is envelope: REQ sends just the empty one, proxies and REQ with
 * `ZMQ_REQ_CORRELATE` put frames before it. A DEALER may leave the empty frame out.
 *
 * @see https://rfc.zeromq.org/spec/28/
 */
function splitEnvelope(frames: Frames): { envelope: Envelope; body: Frames } {
  let end = 1;
  while (end < frames.length && frames[end]!.length > 0) end++;
  end = end < frames.length ? end + 1 : 1;
  return { envelope: frames.slice(0, end), body: frames.slice(end) };
}

function bytesOf(frames: Frames): number {
  return frames.reduce((bytes, frame) => bytes + frame.length, 0);
}

/** A peer's identity as a key; identities have 5 bytes unless the peer chose its own. */
function keyOf(identity: Uint8Array): string {
  let key = "";
  for (const byte of identity) key += String.fromCharCode(byte);
  return key;
}

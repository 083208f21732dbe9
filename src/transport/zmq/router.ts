/** The request server on a ZeroMQ ROUTER. */

import type { BindOptions, IncomingRequest, RequestServer } from "../sockets.ts";
import { type Libzmq, openLibzmq } from "./libzmq.ts";
import { type Binding, bindSocket, boundOptions } from "./bind.ts";
import { Answers, type Peer } from "./answers.ts";
import { bytesOf, isSameEnvelope, keyOf, splitEnvelope } from "./envelope.ts";
import { crowdOf, openRouter } from "./open.ts";
import type { RouterPort } from "./port.ts";
import { Crowd } from "../crowd.ts";
import { FairQueue } from "../fair_queue.ts";
import type { Place } from "../replies.ts";
import { type Frames, plainBytes } from "./options.ts";
import { type Receiver, receiverOf } from "./socket.ts";
import { nextTurn, TurnBudget } from "./turns.ts";

/** Messages looked at before one is chosen, so that each of that many peers has its turn. */
const CHOICE_MESSAGES = 32;

/** Time for which those at hand are served before the next look, in milliseconds. */
const CHOICE_MS = 0.1;

/**
 * The same where all that came was too much. ZeroMQ tells at once of who had nothing waiting and now has, as those
 * who ask little.
 */
const FLOOD_MS = 1;

/** Longest wait for who may go, in milliseconds; while requests are worked on they get the event loop sooner. */
const LINGER_MS = 0.5;
const BUSY_LINGER_MS = 0.05;

/** Who asks one thing after the other asks again so soon, in milliseconds: to wait for that is to wake up too late. */
const AGAIN_MS = 0.15;

/** Connections known to be a key's; of who is forgotten the next message counts as the first. */
const MAX_MET = 10_000;

/** Bytes copied before one is chosen; more would take longer than to serve the first. */
const CHOICE_BYTES = 262_144;

/** What a request takes at least, and each of its bytes, in milliseconds. */
const REQUEST_MS = 0.01;
const BYTE_MS = 2e-6;

/** A request, and whose it is: who has a key has one share, however many connections it opens. */
interface Arrival {
  readonly owner: string;
  readonly bytes: number;
  readonly peer: Peer;
  /** Where its answer belongs. */
  readonly place: Place;
  readonly request: IncomingRequest;
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
    wantedBytes = maxMessageBytes,
  } = options;
  const socketOptions = await boundOptions(address, {
    maxMessageSize: maxMessageBytes,
    sendHighWaterMark: highWaterMark,
    wantedBytes,
  }, options.gate);
  const socket = await openRouter(openLibrary, socketOptions, options.curve, crowdOf(options));
  return new ZmqRequestServer(
    socket,
    await bindSocket(socket, address, options.gate),
    maxBacklogBytes,
    options.slowDown,
  );
}

class ZmqRequestServer implements RequestServer {
  readonly address: string;
  readonly #socket: RouterPort;
  readonly #binding: Binding;
  readonly #receiver: Receiver;
  readonly #answers: Answers;
  readonly #slowDown: Uint8Array | undefined;
  /** What came while several peers take turns. */
  readonly #queue = new FairQueue<Arrival>();
  readonly #budget = new TurnBudget();
  /** Whose request was handed up last, and when. */
  #serving:
    | { readonly owner: string; readonly bytes: number; readonly sinceMs: number }
    | undefined;
  readonly #crowd = new Crowd();
  readonly #met = new Set<string>();
  #lookedAtMs = -Infinity;
  /** When the last one was served that keeps no pace. */
  #promptAtMs = -Infinity;
  /** True when the last look found all that was there. */
  #isDrained = false;
  /** True when the last look found little but what is too much. */
  #isFlooded = false;
  /** Requests that came and were not answered yet. */
  #unanswered = 0;
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
      isAlone: () => this.#answers.isEmpty && this.#queue.isEmpty,
      isCrowded: () => this.#isCrowded,
    });
    this.#answers = new Answers(socket, this.#receiver, maxBacklogBytes);
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
    if (this.#isHeld && this.#budget.spend(nowMs)) return undefined;
    const arrival = this.#take(nowMs) ?? (this.#isBusy ? undefined : this.#linger(nowMs));
    if (arrival === undefined) return undefined;
    return Promise.resolve({ done: false, value: this.#handUp(arrival) });
  }

  async #next(): Promise<IteratorResult<IncomingRequest>> {
    for (;;) {
      if (this.#isHeld && this.#closing === undefined) {
        await nextTurn();
        const nowMs = performance.now();
        this.#budget.renew(nowMs);
        // Whoever has less waiting than others must come into the queue to be served before them.
        this.#receiver.renew(nowMs);
        const arrival = this.#take(nowMs) ?? this.#linger(nowMs);
        if (arrival === undefined) continue;
        return { done: false, value: this.#handUp(arrival) };
      }
      const frames = await this.#receiver.receive();
      if (frames === undefined) return { done: true, value: undefined };
      const nowMs = performance.now();
      const arrival = this.#open(frames, nowMs);
      this.#isFlooded = arrival === undefined;
      if (arrival === undefined) continue;
      return { done: false, value: this.#handUp(arrival) };
    }
  }

  #handUp({ owner, bytes, request }: Arrival): IncomingRequest {
    if (this.#isCrowded) this.#serving = { owner, bytes, sinceMs: performance.now() };
    return request;
  }

  /** True while there is something to choose from, or to stay away from. */
  get #isHeld(): boolean {
    return !this.#queue.isEmpty || this.#isFlooded;
  }

  /** True while requests that were handed up are worked on, which the event loop is needed for. */
  get #isBusy(): boolean {
    return this.#unanswered > this.#queue.size;
  }

  /** Waits for who may go, at once: a turn of the event loop takes longer than a request. */
  #linger(sinceMs: number): Arrival | undefined {
    const untilMs = sinceMs + (this.#isBusy ? BUSY_LINGER_MS : LINGER_MS);
    for (let nowMs = sinceMs; nowMs < untilMs && this.#isHeld && this.#closing === undefined;) {
      const waitMs = Math.min(untilMs - nowMs, this.#queue.waitMs(nowMs) || Infinity);
      const mayRest = this.#isDrained || this.#isFlooded;
      const restMs = nowMs - this.#promptAtMs < AGAIN_MS ? 0 : waitMs;
      if (mayRest && this.#receiver.blink(restMs)) this.#isFlooded = false;
      nowMs = performance.now();
      const arrival = this.#take(nowMs);
      if (arrival !== undefined) return arrival;
    }
    return undefined;
  }

  /** The next request, chosen among those of all peers if there are several. */
  #take(nowMs: number): Arrival | undefined {
    const sinceMs = nowMs - this.#lookedAtMs;
    // Before each of those who keep the pace there is time for a look.
    if (this.#isFlooded ? sinceMs < FLOOD_MS : this.#queue.hasPrompt && sinceMs < CHOICE_MS) {
      const arrival = this.#shift(nowMs);
      if (arrival !== undefined || this.#isFlooded) return arrival;
    }
    return this.#look(nowMs) ?? this.#shift(nowMs);
  }

  /** The next of those that wait. Of who is given up meanwhile none. */
  #shift(nowMs: number): Arrival | undefined {
    for (;;) {
      if (this.#queue.hasPrompt) this.#promptAtMs = nowMs;
      const arrival = this.#queue.shift(nowMs, this.#isPacing(nowMs));
      if (arrival === undefined || !this.#answers.isGivenUp(arrival.peer)) return arrival;
      this.#unanswered -= 1;
      this.#answers.end(arrival.peer, arrival.place);
    }
  }

  /** Takes what came into the queue, unless it is a request of one who is alone. */
  #look(nowMs: number): Arrival | undefined {
    this.#lookedAtMs = nowMs;
    this.#isDrained = this.#isFlooded = false;
    const mayLook = this.#isCrowded || this.#isPacing(nowMs) ? CHOICE_MESSAGES : 1;
    // libzmq itself looks only once in a while whether somebody asks who did not before.
    if (mayLook > 1) void this.#socket.readable;
    let [excess, hasMore]: [string | undefined, boolean] = [undefined, false];
    for (let looks = 0, bytes = 0; looks < mayLook && bytes < CHOICE_BYTES; looks++) {
      if (this.#queue.isFull) break;
      const frames = this.#queue.isEmpty ? this.#receiver.take() : this.#receiver.takeAmid(nowMs);
      this.#isDrained = frames === undefined;
      if (frames === undefined) break;
      const arrival = this.#open(frames, nowMs);
      if (arrival !== undefined) {
        if (this.#queue.isEmpty && !this.#isCrowded) return arrival;
        this.#queue.push(arrival.owner, arrival, arrival.bytes, nowMs);
        bytes += arrival.bytes;
        hasMore = true;
        continue;
      }
      // ZeroMQ takes from each in turn, so who comes again had all others come before.
      const sender = keyOf(frames[0]!);
      this.#isFlooded = sender === excess && !hasMore;
      if (sender === excess) break;
      excess ??= sender;
    }
    return undefined;
  }

  /** True while those who ask far ahead must leave time to others; not when all that comes has to wait. */
  #isPacing(nowMs: number): boolean {
    return this.#crowd.isNear(nowMs) && !this.#queue.isFull;
  }

  /** True while several ask; also while others wait whose requests all came before. */
  get #isCrowded(): boolean {
    return this.#crowd.takesTurns || this.#queue.owners > 1;
  }

  /** Whoever was served has taken the time until now. */
  #charge(nowMs: number): void {
    if (this.#serving === undefined) return;
    const { owner, bytes, sinceMs } = this.#serving;
    this.#queue.charge(owner, REQUEST_MS + bytes * BYTE_MS + nowMs - sinceMs, nowMs);
    this.#serving = undefined;
  }

  /** Takes its place in the order of its peer's answers. None of who has too much waiting, or is given up. */
  #open(frames: Frames, nowMs: number): Arrival | undefined {
    const key = keyOf(frames[0]!);
    if (this.#answers.isSilenced(key)) return undefined;
    const owner = frames.user ?? key;
    if (frames.user !== undefined) this.#meet(key, frames.user);
    this.#crowd.note(owner, nowMs);
    const peer = this.#answers.peerOf(key);
    if (this.#answers.isGivenUp(peer)) return undefined;
    const { envelope, body } = splitEnvelope(frames);
    if (this.#slowDown !== undefined && this.#isCrowded && this.#queue.isFullFor(owner)) {
      peer.replies.openFilled(envelope, this.#slowDown, isSameEnvelope);
      this.#answers.send(peer);
      return undefined;
    }
    const place = peer.replies.open(envelope);
    let isAnswered = false;
    this.#unanswered += 1;
    const request: IncomingRequest = {
      owner,
      frames: body.map(plainBytes),
      isFollowed: () => this.#isFollowed(),
      reply: (bytes) => {
        if (!isAnswered) this.#unanswered -= 1;
        isAnswered = true;
        if (this.#closing === undefined && place.fill(bytes)) this.#answers.send(peer);
      },
    };
    return { owner, bytes: bytesOf(frames), peer, place, request };
  }

  /** The first message of a connection tells whose it is: only then are both known. */
  #meet(key: string, user: string): void {
    if (this.#met.has(key)) return;
    this.#met.add(key);
    const [oldest] = this.#met;
    if (this.#met.size > MAX_MET && oldest !== undefined) this.#met.delete(oldest);
    const descriptor = this.#socket.lastSender?.();
    if (descriptor !== undefined) this.#socket.door?.noteUser(descriptor, user);
  }

  #isFollowed(): boolean {
    return this.#closing === undefined && (this.#isNextHere || this.#receiver.peek());
  }

  /** What has to wait for its time does not follow yet. */
  get #isNextHere(): boolean {
    if (this.#queue.isEmpty) return false;
    const nowMs = performance.now();
    return !this.#isPacing(nowMs) || this.#queue.waitMs(nowMs) === 0;
  }

  async #close(): Promise<void> {
    await this.#receiver.close();
    this.#answers.close();
    await this.#binding.release();
  }
}

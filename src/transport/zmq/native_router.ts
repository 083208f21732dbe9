/** A ROUTER on libzmq without the addon in between. */

import type { Libzmq } from "./libzmq.ts";
import { NativeMessage } from "./message.ts";
import type { Intake } from "./connections.ts";
import { NativeSocket, type NativeSocketOptions, ZMQ } from "./native.ts";
import type { Door, RouterPort } from "./port.ts";
import type { Frames } from "./options.ts";

/** Size of the buffers in which small frames are kept. */
const SHARED_BYTES = 16_384;

const NOTHING = new Uint8Array();

/** Frames of a message that are kept: identity, some envelope of proxies, and more than the one body there may be. */
const MAX_FRAMES = 64;

/** What a frame takes besides its bytes: a short one, a long one (ZMTP 3.1), and one of CURVE. */
const SHORT_HEAD_BYTES = 2;
const LONG_HEAD_BYTES = 9;
const MAX_SHORT_BYTES = 255;
const CURVE_BYTES = 33;

/**
 * Messages of one peer that wait with ZeroMQ. Its own thread takes half of them at once, and meanwhile nothing of
 * others; a thousand, as it has by default, take longer than a ping.
 */
const WAITING_MESSAGES = 128;

/** Frames thrown away before the event loop gets its turn. */
const DISCARDED_AT_ONCE = 2_048;

/** A ROUTER with `mandatory` set. */
export class NativeRouter extends NativeSocket implements Intake, RouterPort {
  /** As large as a message can be. Memory is only used as far as it was ever written. */
  readonly #incoming: Uint8Array<ArrayBuffer>;
  readonly #capacity: bigint;
  #shared = new Uint8Array(SHARED_BYTES);
  #kept = 0;
  /** A message with more frames than are kept, whose others are still to be thrown away. */
  #endless: Frames | undefined;
  /** For the first frame of each message, which tells who sent it. */
  #sender: NativeMessage | undefined;
  readonly #hasUsers: boolean;
  readonly takenFrom = new Map<number, number>();
  #takenBytes = 0;
  #takenMessages = 0;
  #isDrained = true;
  /** Of whom the message is that is being taken, if it is asked for. */
  #source: number | undefined;
  #tellsSources = false;
  #wantsSender = false;
  /** Who keeps its door. */
  door: Door | undefined;

  /** Makes a socket; the share in the library is given back with it, unless it is another's context. */
  constructor(library: Libzmq, options: NativeSocketOptions, context?: Deno.PointerValue) {
    super(library, ZMQ.ROUTER, options, context);
    this.#incoming = new Uint8Array(options.maxMessageSize);
    this.#capacity = BigInt(options.maxMessageSize);
    this.set(ZMQ.ROUTER_MANDATORY, 1);
    this.set(ZMQ.RCVHWM, WAITING_MESSAGES);
    this.#hasUsers = options.curveServer === true;
    if (this.#hasUsers) this.#sender = new NativeMessage(this.zmq);
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  get takenMessages(): number {
    return this.#takenMessages;
  }

  get isDrained(): boolean {
    return this.#isDrained;
  }

  tellSources(isWanted: boolean): void {
    this.#tellsSources = isWanted;
    this.takenFrom.clear();
    this.#adjust();
  }

  wantSender(isWanted: boolean): void {
    this.#wantsSender = isWanted;
    this.#adjust();
  }

  lastSender(): number | undefined {
    const descriptor = this.#sender?.property("__fd");
    return descriptor === undefined ? undefined : Number(descriptor);
  }

  #adjust(): void {
    if (this.isClosed) return;
    if (this.#tellsSources || this.#wantsSender || this.#hasUsers) {
      this.#sender ??= new NativeMessage(this.zmq);
    } else {
      this.#sender?.[Symbol.dispose]();
      this.#sender = undefined;
    }
  }

  override close(): Promise<void> {
    if (!this.isClosed) this.#sender?.[Symbol.dispose]();
    return super.close();
  }

  get readable(): boolean {
    if (this.isClosed) return false;
    return (this.getInt32Option(ZMQ.EVENTS) & ZMQ.POLLIN) !== 0;
  }

  /**
   * The next message. Of one with too many frames, or too many bytes in all, only the first ones: whoever
   * gets it sees that it is not one request. `undefined` also while the others are thrown away, a part at
   * each call, so that one peer does not hold up the process.
   */
  take(): Frames | undefined {
    if (this.#endless !== undefined) return this.#discard(this.#endless);
    const frames = this.#begin();
    this.#isDrained = frames === undefined;
    if (frames === undefined) return undefined;
    this.#takenMessages += 1;
    let bytes = 0;
    // The frames of one message come together.
    do {
      const frame = this.#takeFrame()!;
      bytes += frame.length;
      this.#count(frame.length);
      // A second frame tells as much as the many that are not kept.
      frames.push(bytes <= this.#incoming.length ? frame : NOTHING);
    } while (frames.length < MAX_FRAMES && this.#hasMore);
    if (frames.length < MAX_FRAMES) return frames;
    this.#endless = frames;
    return this.#discard(frames);
  }

  /** The identity of the next message's sender; a ROUTER puts it first. */
  #begin(): Frames | undefined {
    if (this.#sender === undefined) {
      const identity = this.#takeFrame();
      return identity && [identity];
    }
    while (!this.#sender.receive(this.socket)) if (!this.wasInterrupted()) return undefined;
    const frames: Frames = [this.#sender.bytes()];
    const user = this.#hasUsers ? this.#sender.property("User-Id") : undefined;
    if (user !== undefined) frames.user = user;
    this.#source = this.#tellsSources ? this.lastSender() : undefined;
    return frames;
  }

  /** Notes a frame as it came over the connection. */
  #count(size: number): void {
    const bytes = size + (size > MAX_SHORT_BYTES ? LONG_HEAD_BYTES : SHORT_HEAD_BYTES) +
      (this.#hasUsers ? CURVE_BYTES : 0);
    this.#takenBytes += bytes;
    if (this.#source === undefined) return;
    this.takenFrom.set(this.#source, (this.takenFrom.get(this.#source) ?? 0) + bytes);
  }

  get #hasMore(): boolean {
    return this.getInt32Option(ZMQ.RCVMORE) !== 0;
  }

  #discard(frames: Frames): Frames | undefined {
    for (let count = 0; this.#hasMore; count += 1) {
      if (count === DISCARDED_AT_ONCE) return undefined;
      this.#count(this.#receive(0n) ?? 0);
    }
    this.#endless = undefined;
    return frames;
  }

  receive(): Promise<Frames> {
    return Promise.try(() => this.take() ?? this.fail("EAGAIN", "No message is there"));
  }

  /** If it fails, it does so at the first frame, which names the peer; then nothing was sent. */
  send(frames: Frames): void {
    const last = frames.length - 1;
    for (let index = 0; index <= last; index++) {
      const frame = frames[index]!;
      const flags = index < last ? ZMQ.DONTWAIT | ZMQ.SNDMORE : ZMQ.DONTWAIT;
      const size = BigInt(frame.length);
      this.check(() => this.zmq.zmq_send(this.socket, frame, size, flags));
    }
  }

  #takeFrame(): Uint8Array | undefined {
    const size = this.#receive(this.#capacity);
    if (size === undefined) return undefined;
    return size === 0 ? NOTHING : this.#keep(size);
  }

  /** Receives a frame, or as much of it as is wanted; returns its size, undefined if there is none. */
  #receive(capacity: bigint): number | undefined {
    const { zmq_recv } = this.zmq;
    for (;;) {
      const size = zmq_recv(this.socket, this.#incoming, capacity, ZMQ.DONTWAIT);
      if (size >= 0) return size;
      if (!this.wasInterrupted()) return undefined;
    }
  }

  /**
   * Copies what came. Small frames share a buffer, because a buffer of its own costs more than all else
   * that is done for one; nobody else writes where a frame lies.
   */
  #keep(size: number): Uint8Array {
    if (size > SHARED_BYTES / 16) return this.#incoming.slice(0, size);
    if (this.#kept + size > SHARED_BYTES) {
      this.#shared = new Uint8Array(SHARED_BYTES);
      this.#kept = 0;
    }
    const frame = this.#shared.subarray(this.#kept, this.#kept + size);
    frame.set(this.#incoming.subarray(0, size));
    this.#kept += size;
    return frame;
  }
}

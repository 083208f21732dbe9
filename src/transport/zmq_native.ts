/** A ROUTER on libzmq without the addon in between: every call acts at once, none needs a promise. */

import type { Libzmq, LibzmqSymbols } from "./libzmq.ts";
import type { RouterPort } from "./zmq_port.ts";
import type { Frames } from "./zmq_socket.ts";

/** Numbers of zmq.h. */
const ZMQ = {
  ROUTER: 6,
  RCVMORE: 13,
  EVENTS: 15,
  POLLIN: 1,
  LINGER: 17,
  MAXMSGSIZE: 22,
  SNDHWM: 23,
  LAST_ENDPOINT: 32,
  ROUTER_MANDATORY: 33,
  TCP_KEEPALIVE: 34,
  TCP_KEEPALIVE_CNT: 35,
  TCP_KEEPALIVE_IDLE: 36,
  TCP_KEEPALIVE_INTVL: 37,
  HANDSHAKE_IVL: 66,
  DONTWAIT: 1,
  SNDMORE: 2,
} as const;

/** Of Linux's errno.h. */
const EINTR = 4;

/** Of Linux's errno.h those that others tell apart. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  11: "EAGAIN",
  98: "EADDRINUSE",
  113: "EHOSTUNREACH",
};

/** Longest endpoint: an IPC path has 107 bytes at the most. */
const ENDPOINT_BYTES = 256;

/** Size of the buffers in which small frames are kept. */
const SHARED_BYTES = 16_384;

const NOTHING = new Uint8Array();

/** Options of {@linkcode NativeRouter}; those of the package by the same names. */
export interface NativeRouterOptions {
  maxMessageSize: number;
  sendHighWaterMark: number;
  linger: number;
  handshakeInterval: number;
  tcpKeepalive: number;
  tcpKeepaliveIdle: number;
  tcpKeepaliveInterval: number;
  tcpKeepaliveCount: number;
}

/** A ROUTER with `mandatory` set. */
export class NativeRouter implements RouterPort {
  readonly #library: Libzmq;
  readonly #zmq: LibzmqSymbols;
  readonly #context: Deno.PointerValue;
  readonly #socket: Deno.PointerValue;
  /** As large as a message can be. Memory is only used as far as it was ever written. */
  readonly #incoming: Uint8Array<ArrayBuffer>;
  readonly #capacity: bigint;
  #shared = new Uint8Array(SHARED_BYTES);
  #kept = 0;
  readonly #int = new Int32Array(1);
  readonly #intBytes = new Uint8Array(this.#int.buffer);
  readonly #length = new BigUint64Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);
  #closed: Promise<void> | undefined;

  /** Makes a socket in a context of its own; the share in the library is given back with it. */
  constructor(library: Libzmq, options: NativeRouterOptions) {
    const zmq = library.symbols;
    this.#library = library;
    this.#zmq = zmq;
    this.#context = zmq.zmq_ctx_new();
    this.#socket = zmq.zmq_socket(this.#context, ZMQ.ROUTER);
    this.#incoming = new Uint8Array(options.maxMessageSize);
    this.#capacity = BigInt(options.maxMessageSize);
    this.#set(ZMQ.ROUTER_MANDATORY, 1);
    this.#set(ZMQ.SNDHWM, options.sendHighWaterMark);
    this.#set(ZMQ.LINGER, options.linger);
    this.#set(ZMQ.HANDSHAKE_IVL, options.handshakeInterval);
    this.#set(ZMQ.TCP_KEEPALIVE, options.tcpKeepalive);
    this.#set(ZMQ.TCP_KEEPALIVE_IDLE, options.tcpKeepaliveIdle);
    this.#set(ZMQ.TCP_KEEPALIVE_INTVL, options.tcpKeepaliveInterval);
    this.#set(ZMQ.TCP_KEEPALIVE_CNT, options.tcpKeepaliveCount);
    const size = new BigInt64Array([BigInt(options.maxMessageSize)]);
    const sizeBytes = new Uint8Array(size.buffer);
    this.#check(() => zmq.zmq_setsockopt(this.#socket, ZMQ.MAXMSGSIZE, sizeBytes, 8n));
  }

  get readable(): boolean {
    if (this.#closed !== undefined) return false;
    return (this.getInt32Option(ZMQ.EVENTS) & ZMQ.POLLIN) !== 0;
  }

  get lastEndpoint(): string {
    const text = new Uint8Array(ENDPOINT_BYTES);
    this.#length[0] = BigInt(text.length);
    const { zmq_getsockopt } = this.#zmq;
    this.#check(() => zmq_getsockopt(this.#socket, ZMQ.LAST_ENDPOINT, text, this.#lengthBytes));
    // The length counts the zero at the end.
    return new TextDecoder().decode(text.subarray(0, Number(this.#length[0]) - 1));
  }

  bind(address: string): Promise<void> {
    return Promise.try(() => {
      const text = new TextEncoder().encode(`${address}\0`);
      this.#check(() => this.#zmq.zmq_bind(this.#socket, text));
    });
  }

  take(): Frames | undefined {
    const identity = this.#takeFrame();
    if (identity === undefined) return undefined;
    const frames: Frames = [identity];
    // A ROUTER puts the identity before every message, and the frames of one message come together.
    do frames.push(this.#takeFrame()!); while (this.getInt32Option(ZMQ.RCVMORE) !== 0);
    return frames;
  }

  receive(): Promise<Frames> {
    return Promise.try(() => this.take() ?? this.#fail("EAGAIN", "No message is there"));
  }

  /** If it fails, it does so at the first frame, which names the peer; then nothing was sent. */
  send(frames: Frames): void {
    const last = frames.length - 1;
    for (let index = 0; index <= last; index++) {
      const frame = frames[index]!;
      const flags = index < last ? ZMQ.DONTWAIT | ZMQ.SNDMORE : ZMQ.DONTWAIT;
      const size = BigInt(frame.length);
      this.#check(() => this.#zmq.zmq_send(this.#socket, frame, size, flags));
    }
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Reads an option that is a number. */
  getInt32Option(option: number): number {
    this.#length[0] = 4n;
    const { zmq_getsockopt } = this.#zmq;
    this.#check(() => zmq_getsockopt(this.#socket, option, this.#intBytes, this.#lengthBytes));
    return this.#int[0]!;
  }

  #takeFrame(): Uint8Array | undefined {
    const { zmq_recv, zmq_errno } = this.#zmq;
    for (;;) {
      const size = zmq_recv(this.#socket, this.#incoming, this.#capacity, ZMQ.DONTWAIT);
      if (size >= 0) return size === 0 ? NOTHING : this.#keep(size);
      if (zmq_errno() !== EINTR) return undefined;
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

  #set(option: number, value: number): void {
    this.#int[0] = value;
    this.#check(() => this.#zmq.zmq_setsockopt(this.#socket, option, this.#intBytes, 4n));
  }

  /** A signal, which the process may get at any time, can end any call before its time. */
  #check(call: () => number): void {
    let number: number;
    do {
      if (call() >= 0) return;
      number = this.#zmq.zmq_errno();
    } while (number === EINTR);
    const text = this.#zmq.zmq_strerror(number);
    const message = text === null ? `Error ${number}` : Deno.UnsafePointerView.getCString(text);
    this.#fail(ERROR_CODES[number] ?? `E${number}`, message);
  }

  #fail(code: string, message: string): never {
    throw Object.assign(new Error(message), { code });
  }

  /** Ending the context waits for what was sent to leave, no longer than `linger`. */
  async #close(): Promise<void> {
    this.#zmq.zmq_close(this.#socket);
    await this.#zmq.zmq_ctx_term(this.#context);
    this.#library[Symbol.dispose]();
  }
}

/** What sockets on libzmq share that go without the addon: every call acts at once, none needs a promise. */

import type { Libzmq, LibzmqSymbols } from "./libzmq.ts";

/** Numbers of zmq.h. */
export const ZMQ = {
  PAIR: 0,
  PUB: 1,
  ROUTER: 6,
  RCVMORE: 13,
  EVENTS: 15,
  POLLIN: 1,
  LINGER: 17,
  BACKLOG: 19,
  MAXMSGSIZE: 22,
  SNDHWM: 23,
  RCVHWM: 24,
  LAST_ENDPOINT: 32,
  ROUTER_MANDATORY: 33,
  TCP_KEEPALIVE: 34,
  TCP_KEEPALIVE_CNT: 35,
  TCP_KEEPALIVE_IDLE: 36,
  TCP_KEEPALIVE_INTVL: 37,
  IPV6: 42,
  CURVE_SERVER: 47,
  CURVE_SECRETKEY: 49,
  ZAP_DOMAIN: 55,
  HANDSHAKE_IVL: 66,
  XPUB_NODROP: 69,
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

/** Options of {@linkcode NativeSocket}; those of the package by the same names. */
export interface NativeSocketOptions {
  maxMessageSize: number;
  ipv6: boolean;
  sendHighWaterMark: number;
  backlog?: number;
  /** Bytes of a frame that are read; longer ones are as long, and empty behind their beginning. */
  wantedBytes?: number;
  linger: number;
  handshakeInterval: number;
  tcpKeepalive: number;
  tcpKeepaliveIdle: number;
  tcpKeepaliveInterval: number;
  tcpKeepaliveCount: number;
  /** True for the server's side of CURVE; it then asks the socket at {@linkcode ZAP_ENDPOINT} of its context. */
  curveServer?: boolean;
  /** Its secret key in Z85. */
  curveSecretKey?: string;
  /** Name under which it asks. */
  securityDomain?: string;
}

/** What a socket has with it. */
interface Guest {
  /** Called when the socket is bound. */
  begin?(): void;
  /** Called when it closes. */
  close(): void | Promise<void>;
}

/** A socket to be bound, in a context of its own. */
export abstract class NativeSocket {
  protected readonly zmq: LibzmqSymbols;
  protected readonly socket: Deno.PointerValue;
  readonly #library: Libzmq;
  /** Where it lives; sockets of one context can talk by `inproc://`. */
  readonly context: Deno.PointerValue;
  readonly #isOwner: boolean;
  readonly #guests: Guest[] = [];
  readonly #int = new Int32Array(1);
  readonly #intBytes = new Uint8Array(this.#int.buffer);
  readonly #length = new BigUint64Array(1);
  readonly #lengthBytes = new Uint8Array(this.#length.buffer);
  #closed: Promise<void> | undefined;

  /**
   * Makes a socket of a type of zmq.h; the share in the library is given back with it. One in the context of
   * another leaves both to that one.
   */
  constructor(
    library: Libzmq,
    type: number,
    options: NativeSocketOptions,
    context?: Deno.PointerValue,
  ) {
    const zmq = library.symbols;
    this.#library = library;
    this.zmq = zmq;
    this.#isOwner = context === undefined;
    this.context = context ?? zmq.zmq_ctx_new();
    this.socket = zmq.zmq_socket(this.context, type);
    this.set(ZMQ.IPV6, options.ipv6 ? 1 : 0);
    this.set(ZMQ.SNDHWM, options.sendHighWaterMark);
    this.set(ZMQ.LINGER, options.linger);
    if (options.backlog !== undefined) this.set(ZMQ.BACKLOG, options.backlog);
    this.set(ZMQ.HANDSHAKE_IVL, options.handshakeInterval);
    this.set(ZMQ.TCP_KEEPALIVE, options.tcpKeepalive);
    this.set(ZMQ.TCP_KEEPALIVE_IDLE, options.tcpKeepaliveIdle);
    this.set(ZMQ.TCP_KEEPALIVE_INTVL, options.tcpKeepaliveInterval);
    this.set(ZMQ.TCP_KEEPALIVE_CNT, options.tcpKeepaliveCount);
    const size = new BigInt64Array([BigInt(options.maxMessageSize)]);
    const sizeBytes = new Uint8Array(size.buffer);
    this.check(() => zmq.zmq_setsockopt(this.socket, ZMQ.MAXMSGSIZE, sizeBytes, 8n));
    const { curveServer, curveSecretKey, securityDomain } = options;
    if (securityDomain !== undefined) this.#setText(ZMQ.ZAP_DOMAIN, securityDomain);
    if (curveServer === true) this.set(ZMQ.CURVE_SERVER, 1);
    // Z85 text goes with its closing zero.
    if (curveSecretKey !== undefined) this.#setText(ZMQ.CURVE_SECRETKEY, `${curveSecretKey}\0`);
  }

  /** Has another socket of the context closed with this one, which the end of the context waits for. */
  host(guest: Guest): void {
    this.#guests.push(guest);
  }

  /** Has libzmq tell of its connections at an endpoint within its context. */
  tellEvents(endpoint: string, events: number): void {
    const text = new TextEncoder().encode(`${endpoint}\0`);
    this.check(() => this.zmq.zmq_socket_monitor(this.socket, text, events));
  }

  /** Connects it. */
  protected connect(address: string): void {
    const text = new TextEncoder().encode(`${address}\0`);
    this.check(() => this.zmq.zmq_connect(this.socket, text));
  }

  /** The endpoint it was last bound to. */
  get lastEndpoint(): string {
    const text = new Uint8Array(ENDPOINT_BYTES);
    this.#length[0] = BigInt(text.length);
    const { zmq_getsockopt } = this.zmq;
    this.check(() => zmq_getsockopt(this.socket, ZMQ.LAST_ENDPOINT, text, this.#lengthBytes));
    // The length counts the zero at the end.
    return new TextDecoder().decode(text.subarray(0, Number(this.#length[0]) - 1));
  }

  /** True once it was closed; it must not be used any more. */
  protected get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Binds it. */
  bind(address: string): Promise<void> {
    return Promise.try(() => {
      const text = new TextEncoder().encode(`${address}\0`);
      this.check(() => this.zmq.zmq_bind(this.socket, text));
      for (const guest of this.#guests) guest.begin?.();
    });
  }

  /** Frees it; what was sent gets a moment to leave. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Reads an option that is a number. */
  getInt32Option(option: number): number {
    this.#length[0] = 4n;
    const { zmq_getsockopt } = this.zmq;
    this.check(() => zmq_getsockopt(this.socket, option, this.#intBytes, this.#lengthBytes));
    return this.#int[0]!;
  }

  protected set(option: number, value: number): void {
    this.#int[0] = value;
    this.check(() => this.zmq.zmq_setsockopt(this.socket, option, this.#intBytes, 4n));
  }

  #setText(option: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    const size = BigInt(bytes.length);
    this.check(() => this.zmq.zmq_setsockopt(this.socket, option, bytes, size));
  }

  /** A signal, which the process may get at any time, can end any call before its time. */
  protected check(call: () => number): void {
    let number: number;
    do {
      if (call() >= 0) return;
      number = this.zmq.zmq_errno();
    } while (number === EINTR);
    const text = this.zmq.zmq_strerror(number);
    const message = text === null ? `Error ${number}` : Deno.UnsafePointerView.getCString(text);
    this.fail(ERROR_CODES[number] ?? `E${number}`, message);
  }

  protected fail(code: string, message: string): never {
    throw Object.assign(new Error(message), { code });
  }

  /** Whether the last call was ended by a signal before its time. */
  protected wasInterrupted(): boolean {
    return this.zmq.zmq_errno() === EINTR;
  }

  /** Ending the context waits for what was sent to leave, no longer than `linger`. */
  async #close(): Promise<void> {
    this.zmq.zmq_close(this.socket);
    for (const guest of this.#guests) await guest.close();
    if (!this.#isOwner) return;
    await this.zmq.zmq_ctx_term(this.context);
    this.#library[Symbol.dispose]();
  }
}

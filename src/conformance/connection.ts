/** One connection through the proxy: bytes both ways, under whatever conditions the network has. */

import { type AnswerHead, AnswerReader, RequestReader, withHeaders } from "./http_reader.ts";
import { aborted, pause } from "./wait.ts";

/** What becomes of a request. */
export type Fate =
  | { type: "pass" }
  /** The connection is cut before the server has seen anything of it. */
  | { type: "reset" }
  /** The connection is cut when the server has answered, before the client has seen any of that. */
  | { type: "lose_answer" }
  /** The connection is cut after so many bytes of the answer's body. */
  | { type: "cut_answer"; afterBytes: number };

/** The network as all connections have it at the moment. */
export interface Conditions {
  /** Milliseconds that every piece is held, in both directions. */
  delayMs: number;
  /** Most bytes in a second from the server to the client. */
  bytesPerSecond: number;
  /** True while nothing of a WebSocket reaches the client. */
  isMuted: boolean;
}

/** An answer of the server, known as a whole. */
export interface Answered {
  /** The request's route. */
  readonly route: string;
  /** Its HTTP status. */
  readonly status: number;
  /** Its body, if it was to be kept. */
  readonly body: string | undefined;
}

/** What a connection needs of the proxy. */
export interface ConnectionContext {
  /** `host:port` of the server, for the Host header. */
  readonly host: string;
  /** Path of the server, which routes leave out; empty or without a slash at its end. */
  readonly path: string;
  /** The network at the moment. */
  readonly conditions: Readonly<Conditions>;
  /** Decides on a request that has just come. */
  judge(route: string, isUpgrade: boolean): Fate;
  /** True if the body of the answer is wanted. */
  keepsAnswer(route: string): boolean;
  /** The server has answered. */
  answered(answer: Answered): void;
  /** Something was kept from the client for the first time. */
  swallowed(): void;
  /** A fate other than `pass` has come true. */
  struck(route: string, fate: Fate): void;
}

/** A request under way. */
interface Exchange {
  readonly route: string;
  readonly fate: Fate;
  status: number;
  expectedBytes: number;
  bodyBytes: number;
  kept: string;
  isAnswered: boolean;
}

/** Time between two pieces of a slow transfer, in milliseconds. */
const SLICE_MS = 20;

/** Passes bytes between a client and a server until both have ended, or it is cut. */
export class Connection {
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  readonly #context: ConnectionContext;
  readonly #requests = new RequestReader();
  readonly #answers = new AnswerReader();
  readonly #cutting = new AbortController();
  readonly #decoder = new TextDecoder();
  #exchange: Exchange | undefined;
  #isSocket = false;
  #hasSwallowed = false;
  #isFrozen = false;

  /** Takes over both connections. */
  constructor(client: Deno.TcpConn, server: Deno.TcpConn, context: ConnectionContext) {
    this.#client = client;
    this.#server = server;
    this.#context = context;
    client.setNoDelay(true);
    server.setNoDelay(true);
  }

  /** True once it is a WebSocket. */
  get isSocket(): boolean {
    return this.#isSocket;
  }

  /** True if something was kept from the client, so that what follows would make no sense to it. */
  get hasSwallowed(): boolean {
    return this.#hasSwallowed;
  }

  /** True while nothing is passed on. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Passes bytes on until the end. */
  async run(): Promise<void> {
    await Promise.all([
      this.#pass(this.#client, this.#server, (chunk) => this.#sendToServer(chunk)),
      this.#pass(this.#server, this.#client, (chunk) => this.#sendToClient(chunk)),
    ]);
    this.cut();
  }

  /** Passes nothing on any more, not even an end, until it is cut. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Ends both connections at once. */
  cut(): void {
    if (this.#cutting.signal.aborted) return;
    this.#cutting.abort();
    this.#client.close();
    this.#server.close();
  }

  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    deliver: (chunk: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await from.read(buffer);
        await this.#thawed();
        if (length === null) break;
        await deliver(buffer.subarray(0, length));
      }
      await to.closeWrite();
    } catch {
      // A side broke, or the connection was cut: either way there is nobody left to tell.
      this.cut();
    }
  }

  async #sendToServer(chunk: Uint8Array): Promise<void> {
    for (const piece of this.#requests.read(chunk)) {
      const { delayMs } = this.#context.conditions;
      await this.#pause(delayMs);
      if (piece.type === "body") {
        await this.#write(this.#server, piece.bytes);
        continue;
      }
      const { isUpgrade } = piece.request;
      const route = piece.request.route.replace(` ${this.#context.path}/`, " /");
      const fate = this.#context.judge(route, isUpgrade);
      if (fate.type === "reset") return this.#strike(route, fate);
      this.#exchange = beginExchange(route, fate);
      this.#answers.expect();
      // An answer that nobody packs can be counted and read.
      const headers = { host: this.#context.host, "accept-encoding": "identity" };
      await this.#write(this.#server, withHeaders(piece.bytes, headers));
    }
  }

  async #sendToClient(chunk: Uint8Array): Promise<void> {
    for (const piece of this.#answers.read(chunk)) {
      if (piece.type === "head") this.#noteHead(piece.answer);
      else this.#noteBody(piece.bytes);
      const { fate } = this.#exchange ?? { fate: { type: "pass" } };
      if (fate.type === "lose_answer") this.#strikeWhenAnswered();
      else if (piece.type === "head") await this.#deliver(piece.bytes);
      else if (fate.type === "cut_answer") await this.#deliverPart(piece.bytes, fate.afterBytes);
      else if (this.#isSocket && this.#context.conditions.isMuted) this.#swallow();
      else await this.#deliver(piece.bytes);
    }
  }

  #swallow(): void {
    if (!this.#hasSwallowed) this.#context.swallowed();
    this.#hasSwallowed = true;
  }

  #noteHead({ status, bodyBytes = 0 }: AnswerHead): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.status = status;
    exchange.expectedBytes = bodyBytes;
    if (status === 101) this.#isSocket = true;
    this.#noteAnswered(exchange);
  }

  #noteBody(bytes: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isAnswered) return;
    exchange.bodyBytes += bytes.length;
    if (this.#context.keepsAnswer(exchange.route)) {
      exchange.kept += this.#decoder.decode(bytes, { stream: true });
    }
    this.#noteAnswered(exchange);
  }

  #noteAnswered(exchange: Exchange): void {
    if (exchange.bodyBytes < exchange.expectedBytes) return;
    exchange.isAnswered = true;
    const { route, status, kept } = exchange;
    const body = this.#context.keepsAnswer(route) ? kept : undefined;
    this.#context.answered({ route, status, body });
  }

  #strikeWhenAnswered(): void {
    const exchange = this.#exchange;
    if (exchange?.isAnswered) this.#strike(exchange.route, exchange.fate);
  }

  /** `bodyBytes` has counted these bytes already. */
  async #deliverPart(bytes: Uint8Array, afterBytes: number): Promise<void> {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const before = exchange.bodyBytes - bytes.length;
    await this.#deliver(bytes.subarray(0, Math.max(0, afterBytes - before)));
    if (exchange.bodyBytes >= afterBytes) this.#strike(exchange.route, exchange.fate);
  }

  async #deliver(bytes: Uint8Array): Promise<void> {
    const { delayMs, bytesPerSecond } = this.#context.conditions;
    await this.#pause(delayMs);
    if (bytesPerSecond === Infinity) return await this.#write(this.#client, bytes);
    const size = Math.max(1, Math.floor(bytesPerSecond * SLICE_MS / 1_000));
    for (let at = 0; at < bytes.length; at += size) {
      await this.#pause(Math.min(size, bytes.length - at) / bytesPerSecond * 1_000);
      await this.#write(this.#client, bytes.subarray(at, at + size));
    }
  }

  async #write(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    await this.#thawed();
    for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
  }

  #strike(route: string, fate: Fate): void {
    this.cut();
    this.#context.struck(route, fate);
    throw new Error("The connection was cut on request");
  }

  /** A frozen connection only ever thaws to be found cut. */
  async #thawed(): Promise<void> {
    const { signal } = this.#cutting;
    if (this.#isFrozen) await aborted(signal);
    signal.throwIfAborted();
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await pause(ms, this.#cutting.signal);
  }
}

function beginExchange(route: string, fate: Fate): Exchange {
  const counts = { status: 0, expectedBytes: 0, bodyBytes: 0 };
  return { route, fate, ...counts, kept: "", isAnswered: false };
}

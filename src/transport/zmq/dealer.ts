/** The request client on a ZeroMQ DEALER. */

import { Dealer } from "zeromq";
import { TransportError } from "../../errors.ts";
import { closedError, Exchange } from "../exchanges.ts";
import type { ConnectSocketOptions, RequestClient, RequestOptions } from "../sockets.ts";
import { curveOptions } from "./curve.ts";
import {
  CONNECT_OPTIONS,
  type ConnectRuntime,
  connectSocket,
  type FrameReceiver,
  type Frames,
  plainBytes,
} from "./options.ts";

/** Size of the number that tells requests apart, in bytes. */
const ID_BYTES = 4;

/** What each connection of a client is made with anew. */
type SecurityOptions = ReturnType<typeof curveOptions> & { ipv6: boolean };

const EMPTY = new Uint8Array(0);

/** Connects a DEALER; see `Transport.connectRequests`. */
export async function connectDealer(
  address: string,
  { curve }: ConnectSocketOptions,
  runtime: ConnectRuntime,
): Promise<RequestClient> {
  const options = { ...curveOptions(curve), ipv6: await runtime.needsIpv6(address) };
  return new ZmqRequestClient(address, options, runtime);
}

class ZmqRequestClient implements RequestClient {
  readonly #address: string;
  readonly #options: SecurityOptions;
  readonly #runtime: ConnectRuntime;
  readonly #connections = new Set<Connection>();
  #current: Connection;
  #closing: Promise<void> | undefined;

  constructor(address: string, options: SecurityOptions, runtime: ConnectRuntime) {
    this.#address = address;
    this.#options = options;
    this.#runtime = runtime;
    this.#current = this.#connect();
  }

  async request(body: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closedError(this.#address);
    const connection = this.#current;
    const { id, exchange } = connection.ask(body);
    try {
      return await exchange.settled(this.#address, options, () => this.#retire(connection));
    } finally {
      connection.forget(id);
    }
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connect(): Connection {
    const connection: Connection = new Connection(
      this.#address,
      this.#options,
      this.#runtime,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }

  /**
   * A connection that let a request run out of time may lead to a host that is gone, which TCP notices
   * only after minutes, or to a server that answers in order and is held up by one slow answer. New
   * requests, a repeated one too, get a new connection; those under way keep theirs.
   */
  #retire(connection: Connection): void {
    if (this.#current !== connection || this.#closing !== undefined) return;
    this.#current = this.#connect();
    connection.retire();
  }

  async #close(): Promise<void> {
    const error = closedError(this.#address);
    await Promise.all([...this.#connections].map((connection) => connection.close(error)));
  }
}

/**
 * One socket. Every request carries a number as its envelope, which REP, and every server that keeps to
 * the envelope rule, sends back before the answer (libzmq's own REQ does so with `ZMQ_REQ_CORRELATE`).
 * Without it, an answer lost with a restarted server would shift all later ones by one.
 *
 * @see https://rfc.zeromq.org/spec/28/
 */
class Connection {
  readonly #socket: Dealer;
  readonly #receiver: FrameReceiver;
  readonly #onClose: () => void;
  readonly #exchanges = new Map<number, Exchange>();
  #lastId = 0;
  #reading = false;
  #retired = false;
  #closing: Promise<void> | undefined;

  constructor(
    address: string,
    options: SecurityOptions,
    runtime: ConnectRuntime,
    onClose: () => void,
  ) {
    this.#onClose = onClose;
    this.#socket = new Dealer({
      ...CONNECT_OPTIONS,
      ...options,
      receiveTimeout: runtime.receiveTimeout,
      // No bound: what is under way is bounded by its time-outs, and refused sends would need a queue.
      sendHighWaterMark: 0,
      sendTimeout: 0,
    });
    connectSocket(this.#socket, address);
    this.#receiver = runtime.receiverOf(this.#socket);
  }

  /** Sends a request. */
  ask(body: Uint8Array): { id: number; exchange: Exchange } {
    const id = this.#lastId = (this.#lastId + 1) >>> 0;
    const exchange = new Exchange();
    this.#exchanges.set(id, exchange);
    this.#socket.send([idFrame(id), EMPTY, body]).catch((cause) => {
      // ZeroMQ gives a connection up for good when the other side wants keys and gets none.
      const message =
        "Cannot send the request: the connection was refused. If the worker asks for " +
        "keys, name --server-key and --curve-key (`curve` of connect()); else try again";
      exchange.reject(new TransportError("send_failed", message, { cause }));
    });
    this.#receiver.recheck();
    if (!this.#reading) this.#read();
    return { id, exchange };
  }

  /** Ends an exchange, whose answer may still come. */
  forget(id: number): void {
    if (this.#exchanges.delete(id) && this.#exchanges.size === 0) this.#receiver.interrupt();
  }

  /** Closes as soon as no request is under way. */
  retire(): void {
    this.#retired = true;
    if (!this.#reading) this.close(undefined);
  }

  /** Fails what is under way and frees everything. */
  close(reason: unknown): Promise<void> {
    for (const exchange of this.#exchanges.values()) exchange.reject(reason);
    return this.#closing ??= this.#close();
  }

  /** Reads only while answers are due, so that an idle client keeps no process alive. */
  async #read(): Promise<void> {
    this.#reading = true;
    while (this.#exchanges.size > 0) {
      const frames = await this.#receiver.receive();
      if (frames !== undefined) this.#accept(frames);
      else if (this.#closing !== undefined) break;
    }
    this.#reading = false;
    if (this.#retired) this.close(undefined);
  }

  #accept(frames: Frames): void {
    const [id, delimiter, body] = frames;
    if (id?.length !== ID_BYTES || delimiter?.length !== 0 || body === undefined) return;
    const number = new DataView(id.buffer, id.byteOffset).getUint32(0);
    this.#exchanges.get(number)?.resolve(plainBytes(body));
    this.#exchanges.delete(number);
  }

  async #close(): Promise<void> {
    await this.#receiver.close();
    this.#socket.close();
    this.#onClose();
  }
}

function idFrame(id: number): Uint8Array {
  const frame = new Uint8Array(ID_BYTES);
  new DataView(frame.buffer).setUint32(0, id);
  return frame;
}

/** Requests within one process. */

import { closedError, Exchange } from "../exchanges.ts";
import { Fifo } from "../fifo.ts";
import { Mailbox } from "../mailbox.ts";
import { PeerReplies } from "../replies.ts";
import type {
  BindOptions,
  IncomingRequest,
  RequestClient,
  RequestOptions,
  RequestServer,
} from "../sockets.ts";

/** A connection as its server sees it. An envelope is the exchange that waits for the answer. */
interface Peer {
  readonly requests: Fifo<{ body: Uint8Array; exchange: Exchange }>;
  readonly replies: PeerReplies<Exchange>;
}

/** The server. Peers with requests queue up, so that one who sends many delays the others by one. */
export class MemoryRequestServer implements RequestServer {
  readonly address: string;
  readonly #turns = new Mailbox<Peer>();
  readonly #maxMessageBytes: number;
  readonly #maxBacklogBytes: number;
  readonly #onClose: () => void;
  #closed = false;

  constructor(address: string, options: BindOptions, onClose: () => void) {
    const { maxMessageBytes = 16_777_216, maxBacklogBytes = 16_777_216 } = options;
    this.address = address;
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxBacklogBytes = maxBacklogBytes;
    this.#onClose = onClose;
  }

  /** Makes a connection. */
  connect(): Peer {
    return { requests: new Fifo(), replies: new PeerReplies(this.#maxBacklogBytes) };
  }

  /** Takes a request of a peer. One that is too large is never answered, as with ZeroMQ. */
  deliver(peer: Peer, body: Uint8Array, exchange: Exchange): void {
    if (this.#closed || body.length > this.#maxMessageBytes) return;
    peer.requests.push({ body, exchange });
    if (peer.requests.size === 1) this.#turns.put(peer);
  }

  [Symbol.asyncIterator](): AsyncIterator<IncomingRequest> {
    const turns = this.#turns.iterate();
    return {
      next: async () => {
        const turn = await turns.next();
        return turn.done ? turn : { done: false, value: this.#open(turn.value) };
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  close(): Promise<void> {
    if (!this.#closed) this.#onClose();
    this.#closed = true;
    this.#turns.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(peer: Peer): IncomingRequest {
    const { body, exchange } = peer.requests.shift()!;
    if (peer.requests.size > 0) this.#turns.put(peer);
    const answer = peer.replies.open(exchange);
    return {
      frames: [body],
      isFollowed: () => this.#turns.size > 0,
      reply: (bytes) => {
        if (!this.#closed && answer.fill(bytes.slice())) sendDue(peer.replies);
      },
    };
  }
}

function sendDue(replies: PeerReplies<Exchange>): void {
  for (let reply = replies.due(); reply !== undefined; reply = replies.due()) {
    replies.settle();
    reply.envelope.resolve(reply.body);
  }
}

/** A client's way to its server. */
interface Connection {
  readonly server: MemoryRequestServer;
  readonly peer: Peer;
}

/** The client. */
export class MemoryRequestClient implements RequestClient {
  readonly #address: string;
  readonly #onClose: () => void;
  readonly #exchanges = new Set<Exchange>();
  /** Requests that wait for a server to be there. */
  readonly #unsent = new Map<Exchange, Uint8Array>();
  #connection: Connection | undefined;
  #closed = false;

  constructor(address: string, onClose: () => void) {
    this.#address = address;
    this.#onClose = onClose;
  }

  /** Connects to the server that has appeared at the address. */
  serverBound(server: MemoryRequestServer): void {
    this.#connection = { server, peer: server.connect() };
    for (const [exchange, body] of this.#unsent) this.#send(exchange, body);
    this.#unsent.clear();
  }

  /** The server at the address was closed. */
  serverClosed(): void {
    this.#connection = undefined;
  }

  async request(body: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    if (this.#closed) throw closedError(this.#address);
    const exchange = new Exchange();
    this.#exchanges.add(exchange);
    this.#send(exchange, body.slice());
    const connection = this.#connection;
    try {
      return await exchange.settled(this.#address, options, () => this.#renew(connection));
    } finally {
      this.#exchanges.delete(exchange);
      this.#unsent.delete(exchange);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#onClose();
    this.#connection?.peer.replies.abandon();
    for (const exchange of this.#exchanges) exchange.reject(closedError(this.#address));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** After a time-out new requests get a connection of their own, as with ZeroMQ. */
  #renew(connection: Connection | undefined): void {
    if (connection === undefined || this.#connection !== connection) return;
    const { server } = connection;
    this.#connection = { server, peer: server.connect() };
  }

  #send(exchange: Exchange, body: Uint8Array): void {
    if (this.#connection === undefined) this.#unsent.set(exchange, body);
    else this.#connection.server.deliver(this.#connection.peer, body, exchange);
  }
}

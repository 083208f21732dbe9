/**
 * The socket contracts: bytes in, bytes out. They know no message.
 *
 * Two implementations answer to one conformance suite: `zmq.ts` (ZeroMQ) and `memory.ts` (the same
 * within a process). What each socket guarantees stands in README.md. Bytes that were handed to a
 * socket belong to it: ZeroMQ sends them later, from where they lie, so they must not be changed.
 *
 * @module
 */

/** One request of one peer. Every one of them must be answered, exactly once. */
export interface IncomingRequest {
  /** The frames of the body: one, unless the peer breaks the protocol (none or several). */
  readonly frames: readonly Uint8Array[];
  /** Whose it is, where that can be told: its key, or without CURVE its connection. */
  readonly owner?: string;
  /** True if another request is there already, so that work for both can be put together. */
  isFollowed(): boolean;
  /**
   * Sends the answer. Answers to one peer leave in the order of its requests, whatever order they are
   * given in, because a peer that pipelines has nothing else to tell them apart by. A second call, or
   * a call after the peer has gone or the server was closed, does nothing.
   */
  reply(body: Uint8Array): void;
}

/** The bound request socket. Iteration ends when it is closed. */
export interface RequestServer extends AsyncIterable<IncomingRequest>, AsyncDisposable {
  /** The endpoint really bound, with the port that the system chose if port 0 was asked for. */
  readonly address: string;
  /**
   * Closes and frees everything; answers under way get a moment to leave, except those of peers that do
   * not read. Requests without an answer stay without one. May be called again.
   */
  close(): Promise<void>;
}

/** How a message is treated when messages come faster than they can leave. */
export interface PublishOptions {
  /** True for an update that a later one replaces: dropped first when the backlog is full. */
  droppable?: boolean;
}

/** The bound update socket. */
export interface UpdatePublisher extends AsyncDisposable {
  /** The endpoint really bound. */
  readonly address: string;
  /** Messages given up so far, or kept from a subscriber that read too slowly. */
  readonly dropped: number;
  /**
   * Takes a message for every subscriber and returns at once. Order is kept. When messages come faster
   * than they leave, those that are droppable are given up, oldest first; the others never.
   */
  publish(body: Uint8Array, options?: PublishOptions): void;
  /** Resolves when all that was published before has been handed to the network. */
  flush(): Promise<void>;
  /** Flushes and closes; what is under way gets a moment to leave. May be called again. */
  close(): Promise<void>;
}

/** Limits of one request. */
export interface RequestOptions {
  /** Gives up waiting; the request itself may have reached the server. */
  signal?: AbortSignal;
  /** Longest wait for the answer in milliseconds. @default {5000} */
  timeoutMs?: number;
}

/** A connected request socket. Several requests may be under way at once. */
export interface RequestClient extends AsyncDisposable {
  /**
   * Sends a request and waits for its answer. Requests under way do not touch each other: one that is
   * given up fails alone, and its late answer is recognised and dropped.
   *
   * @throws {TransportError} `timeout` when no answer came in time, `closed` after `close()`.
   * @throws the signal's reason when it is aborted.
   */
  request(body: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  /** Fails what is under way and frees everything. May be called again. */
  close(): Promise<void>;
}

/** A subscription to every update. Iteration ends when it is closed. */
export interface UpdateSubscriber extends AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Frees everything. May be called again. */
  close(): Promise<void>;
}

/** How a bound socket proves who it is and whom it lets in, by CURVE (https://rfc.zeromq.org/spec/26/). */
export interface CurveServerOptions {
  /** Its secret key: 40 characters of Z85. */
  secretKey: string;
  /**
   * Whether the owner of a public key, 40 characters of Z85, may connect. Who may not is told nothing. A
   * promise that fails keeps out.
   */
  isAllowed: (publicKey: string) => boolean | Promise<boolean>;
}

/** How a connecting socket proves who it is; each key has 40 characters of Z85. */
export interface CurveClientOptions {
  /** Public key of the server: with another the connection stays silent. */
  serverKey: string;
  /** The client's own public key. */
  publicKey: string;
  /** The client's own secret key. */
  secretKey: string;
}

/** How to connect. */
export interface ConnectSocketOptions {
  /** Keys for a server that asks for them. @default {none: plain ZeroMQ} */
  curve?: CurveClientOptions;
}

/** A gate before the ports of a process, closed at first. */
export interface Gate extends Disposable {
  /** Connections that may wait at a port that is about to be listened on. */
  readonly backlog: number;
  /** Files and sockets that this process may have open. */
  readonly mostDescriptors: number;
  /** Has it stand before a port that is listened on as of now. */
  guard(port: number): void;
  /** Lets in who comes, unless it has to close again. */
  open(): void;
}

/** Bounds of a bound socket. */
export interface BindOptions {
  /**
   * Size in bytes beyond which a peer's connection is cut, the guard of last resort for memory. What
   * the protocol allows is far less and is refused with an answer, by who reads the frames.
   *
   * @default {16777216} for requests, {1024} for updates, whose peers only subscribe
   */
  maxMessageBytes?: number;
  /**
   * Messages that wait in the socket for one slow peer. Further updates for it are dropped; further
   * answers wait in the process, see `maxBacklogBytes`.
   *
   * @default {10000} for updates, {256} for requests
   */
  highWaterMark?: number;
  /**
   * Size in bytes of the answers that wait in the process for one peer. A peer that asks on without
   * reading them gets those, in order, and no more until it connects anew. Updates have no such bound.
   *
   * @default {16777216}
   */
  maxBacklogBytes?: number;
  /**
   * For requests: answer to those of a peer that has more than 1,024 of them, or 4 MiB, waiting while others
   * ask too. @default {none: it waits as well}
   */
  slowDown?: Uint8Array;
  /** Connections from one address, or of one key, a quarter of all; those that come after are cut off (on Linux). @default {1000} */
  maxConnections?: number;
  /** Hears of each connection that was one too many. @default nobody */
  onRefused?: (source: string) => void;
  /** Stands before the address from the first moment on. @default {nothing: whoever comes gets in} */
  gate?: Gate | undefined;
  /** Encrypts and asks who connects. @default {none: whoever reaches the address gets in} */
  curve?: CurveServerOptions;
}

/** A way to open sockets that connect, all that a client needs. */
export interface ConnectTransport {
  /** Connects to a request socket, which need not be there yet. */
  connectRequests(address: string, options?: ConnectSocketOptions): Promise<RequestClient>;
  /** Subscribes to an update socket, which need not be there yet. */
  connectUpdates(address: string, options?: ConnectSocketOptions): Promise<UpdateSubscriber>;
}

/** A way to open sockets. */
export interface Transport extends ConnectTransport {
  /**
   * Binds the request socket.
   *
   * @throws {TransportError} `address_in_use` or `address_invalid`.
   */
  bindRequests(address: string, options?: BindOptions): Promise<RequestServer>;
  /**
   * Binds the update socket.
   *
   * @throws {TransportError} `address_in_use` or `address_invalid`.
   */
  bindUpdates(address: string, options?: BindOptions): Promise<UpdatePublisher>;
}

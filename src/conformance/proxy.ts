/**
 * A network with faults on request: a TCP proxy on 127.0.0.1 before one ComfyUI server.
 *
 * A cut is a close without any farewell. What has not been read by then, or comes afterwards, the
 * system answers with RST; Deno cannot be asked to send one by itself.
 */

import { ConfigError } from "../errors.ts";
import { type Answered, type Conditions, Connection, type Fate } from "./connection.ts";
import { EventLog, type WhenOptions } from "./event_log.ts";

/** What a proxy tells about itself. Routes look like `POST /prompt`. */
export type ProxyEvent =
  /** A request came, and was passed on unless a fault struck it. */
  | { type: "request"; route: string }
  /** The server has answered; whether the client learns it is another matter. */
  | { type: "answer"; route: string; status: number; body: string | undefined }
  /** A WebSocket is open. */
  | { type: "socket_open" }
  /** A WebSocket has begun to miss what the server says. */
  | { type: "socket_muted" }
  /** A WebSocket is gone. */
  | { type: "socket_close" }
  /** A connection was turned away, or the server could not be reached. */
  | { type: "refused" }
  /** A fault that was armed for one request has struck. */
  | { type: "fault"; fault: "reset" | "lose_answer" | "cut_answer"; route: string };

/** Faults on request. */
export interface ProxyFaults {
  /** Cuts every WebSocket without a close frame. Returns how many. */
  cutSockets(): number;
  /** While on, WebSockets cannot be opened; HTTP goes on. */
  refuseSockets(on: boolean): void;
  /**
   * While on, WebSockets stay open but nothing reaches the client. When it ends, those that missed
   * something are cut: what follows would begin in the middle of a frame.
   */
  mute(on: boolean): void;
  /** Holds every piece for so many milliseconds, in both directions; 0 ends it. */
  delay(ms: number): void;
  /**
   * While on, connections that exist and new ones stay open but nothing moves, as behind a router
   * that forgot them. When it ends, all of those are cut.
   */
  halfOpen(on: boolean): void;
  /** The next request of a route is passed on and answered, but the client is cut off before it learns. */
  loseNextAnswer(route: string): void;
  /** The next request of a route does not reach the server: its connection is cut. */
  resetNextRequest(route: string): void;
  /** Cuts the next `GET /view` after so many bytes of the file. */
  cutDownload(afterBytes: number): void;
  /** While on, connections are closed as soon as they are there; those that exist are cut. */
  refuse(on: boolean): void;
  /** Most bytes in a second from the server to a client; `Infinity` ends it. */
  slow(bytesPerSecond: number): void;
}

/** Options of {@linkcode startFaultProxy}. */
export interface FaultProxyOptions {
  /** Base URL of the ComfyUI server, over http. */
  url: string;
  /** Routes whose answers stand in their events. @default {[]} */
  keepAnswersOf?: readonly string[];
}

/** A running proxy. Disposing of it cuts everything. */
export interface FaultProxy extends AsyncDisposable {
  /** Where it listens, with the path of the server. */
  readonly url: string;
  /** Faults on request. */
  readonly faults: ProxyFaults;
  /** Every event so far, in order. */
  readonly events: readonly ProxyEvent[];
  /** Number of WebSockets that are open now. */
  readonly openSockets: number;
  /** Number of requests of a route so far, those included that a fault struck. */
  requests(route: string): number;
  /**
   * Resolves with the first event of a type, past or to come, for which `matches` is true.
   *
   * @throws the signal's reason when it aborts first.
   */
  when<Type extends ProxyEvent["type"]>(
    type: Type,
    matches?: (event: Extract<ProxyEvent, { type: Type }>) => boolean,
    options?: WhenOptions,
  ): Promise<Extract<ProxyEvent, { type: Type }>>;
  /** Cuts everything and gives the port free. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a proxy on a free port. The server need not be there.
 *
 * @throws {ConfigError} `invalid_value` for anything but an http URL.
 */
export function startFaultProxy(options: FaultProxyOptions): FaultProxy {
  return new TcpProxy(options);
}

class TcpProxy implements FaultProxy {
  readonly url: string;
  readonly faults: ProxyFaults;
  readonly #log = new EventLog<ProxyEvent>();
  readonly #target: { hostname: string; port: number; host: string; path: string };
  readonly #keptRoutes: readonly string[];
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #connections = new Set<Connection>();
  readonly #serving = new Set<Promise<void>>();
  readonly #conditions: Conditions = { delayMs: 0, bytesPerSecond: Infinity, isMuted: false };
  /** Faults armed for one request each, in the order of arming. */
  readonly #armed: { route: string; fate: Fate }[] = [];
  #refusesSockets = false;
  #isHalfOpen = false;
  #isRefusing = false;
  #isClosed = false;

  constructor({ url, keepAnswersOf = [] }: FaultProxyOptions) {
    const target = readUrl(url);
    this.#target = {
      hostname: target.hostname.replace(/^\[|\]$/g, ""),
      port: Number(target.port || 80),
      host: target.host,
      path: target.pathname.replace(/\/$/, ""),
    };
    this.#keptRoutes = keepAnswersOf;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.url = `http://127.0.0.1:${this.#listener.addr.port}${this.#target.path}`;
    this.faults = this.#createFaults();
    this.#accepting = this.#accept();
  }

  get events(): readonly ProxyEvent[] {
    return this.#log.events;
  }

  get openSockets(): number {
    return [...this.#connections].filter((connection) => connection.isSocket).length;
  }

  requests(route: string): number {
    return this.events.filter((event) => event.type === "request" && event.route === route).length;
  }

  when<Type extends ProxyEvent["type"]>(
    type: Type,
    matches?: (event: Extract<ProxyEvent, { type: Type }>) => boolean,
    options?: WhenOptions,
  ): Promise<Extract<ProxyEvent, { type: Type }>> {
    return this.#log.when(type, matches, options);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#listener.close();
    this.#isClosed = true;
    this.#cut(() => true);
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const serving = this.#serve(client).finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    const server = this.#isRefusing ? undefined : await this.#connect();
    if (server === undefined || this.#isRefusing || this.#isClosed) {
      client.close();
      server?.close();
      return this.#log.emit({ type: "refused" });
    }
    const connection = new Connection(client, server, {
      host: this.#target.host,
      path: this.#target.path,
      conditions: this.#conditions,
      judge: (route, isUpgrade) => this.#judge(route, isUpgrade),
      keepsAnswer: (route) => this.#keptRoutes.includes(route),
      answered: (answer) => this.#noteAnswer(answer),
      swallowed: () => this.#log.emit({ type: "socket_muted" }),
      struck: (route, { type }) => {
        if (type !== "pass") this.#log.emit({ type: "fault", fault: type, route });
      },
    });
    if (this.#isHalfOpen) connection.freeze();
    this.#connections.add(connection);
    await connection.run();
    this.#connections.delete(connection);
    if (connection.isSocket) this.#log.emit({ type: "socket_close" });
  }

  async #connect(): Promise<Deno.TcpConn | undefined> {
    const { hostname, port } = this.#target;
    try {
      return await Deno.connect({ hostname, port });
    } catch {
      // A server that is away is away for the client too.
      return undefined;
    }
  }

  #judge(route: string, isUpgrade: boolean): Fate {
    this.#log.emit({ type: "request", route });
    if (isUpgrade && this.#refusesSockets) return { type: "reset" };
    const index = this.#armed.findIndex((fault) => fault.route === route);
    return this.#armed.splice(index, index < 0 ? 0 : 1)[0]?.fate ?? { type: "pass" };
  }

  #noteAnswer(answer: Answered): void {
    this.#log.emit({ type: "answer", ...answer });
    if (answer.status === 101) this.#log.emit({ type: "socket_open" });
  }

  #cut(chosen: (connection: Connection) => boolean): number {
    const cut = [...this.#connections].filter(chosen);
    for (const connection of cut) connection.cut();
    return cut.length;
  }

  #arm(route: string, fate: Fate): void {
    this.#armed.push({ route, fate });
  }

  #createFaults(): ProxyFaults {
    return {
      cutSockets: () => this.#cut((connection) => connection.isSocket),
      refuseSockets: (on) => void (this.#refusesSockets = on),
      mute: (on) => {
        this.#conditions.isMuted = on;
        if (!on) this.#cut((connection) => connection.hasSwallowed);
      },
      delay: (ms) => void (this.#conditions.delayMs = ms),
      halfOpen: (on) => {
        this.#isHalfOpen = on;
        if (!on) this.#cut((connection) => connection.isFrozen);
        else for (const connection of this.#connections) connection.freeze();
      },
      loseNextAnswer: (route) => this.#arm(route, { type: "lose_answer" }),
      resetNextRequest: (route) => this.#arm(route, { type: "reset" }),
      cutDownload: (afterBytes) => this.#arm("GET /view", { type: "cut_answer", afterBytes }),
      refuse: (on) => {
        this.#isRefusing = on;
        if (on) this.#cut(() => true);
      },
      slow: (bytesPerSecond) => void (this.#conditions.bytesPerSecond = bytesPerSecond),
    };
  }
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:") return url;
  const message = `Cannot put faults before ${text}: give the ComfyUI server as an http:// URL`;
  throw new ConfigError("invalid_value", message);
}

/** Listens for HTTP until it is disposed of, whatever happens to the process in between. */

import { ConfigError, messageOf } from "../errors.ts";

/** Time before it listens again, in milliseconds. */
const AGAIN_MS = 200;

/** Handles requests. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/** Options of a {@linkcode Listener}. */
export interface ListenerOptions {
  /** Name or address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** Handles requests. */
  readonly handler: Handler;
  /** Hears why it takes no connections for a moment. */
  readonly onPause: (error: unknown) => void;
}

/** A port that is listened on. Deno's own server stops when no descriptor is free for a new connection. */
export class Listener implements AsyncDisposable {
  /** The host as URLs have it. */
  readonly host: string;
  /** The port, also if the system chose it. */
  readonly port: number;
  readonly #options: ListenerOptions;
  readonly #stopping = new AbortController();
  #server: Deno.HttpServer<Deno.NetAddr>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Listens.
   *
   * @throws {ConfigError} `in_use` or `invalid_value` if it cannot.
   */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = this.#listen(options.port);
    const { addr } = this.#server;
    this.host = addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname;
    this.port = addr.port;
    this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    // Open event streams would keep `shutdown()` waiting for ever.
    this.#stopping.abort();
    await this.#server.finished.catch(() => {});
  }

  #watch(): void {
    this.#server.finished.catch((error: unknown) => {
      this.#options.onPause(error);
      this.#listenAgain();
    });
  }

  #listenAgain(): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      try {
        this.#server = this.#listen(this.port);
        this.#watch();
      } catch {
        this.#listenAgain();
      }
    }, AGAIN_MS);
  }

  #listen(port: number): Deno.HttpServer<Deno.NetAddr> {
    const { hostname, handler } = this.#options;
    try {
      const { signal } = this.#stopping;
      return Deno.serve({ hostname, port, signal, onListen: () => {} }, handler);
    } catch (cause) {
      const isTaken = cause instanceof Deno.errors.AddrInUse;
      const reason = messageOf(cause);
      const rest = isTaken ? "it is in use; choose another port with --http-addr" : reason;
      const message = `Cannot listen on http://${hostname}:${port}: ${rest}`;
      throw new ConfigError(isTaken ? "in_use" : "invalid_value", message, { cause });
    }
  }
}

/**
 * The public port. Connections are passed on, byte by byte, to the HTTP server behind it, because
 * only who owns the TCP connections can treat a client as a dying machine would: cut a WebSocket
 * without a close frame, lose an answer, refuse connections for a while and come back on the same port.
 *
 * @module
 */

import { TransportError } from "../../errors.ts";

/** The public port of a simulator. */
export class Gate {
  readonly #hostname: string;
  readonly #upstreamPort: number;
  readonly #pairs = new Map<number, ConnectionPair>();
  readonly #serving = new Set<Promise<void>>();
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> = Promise.resolve();

  /** Creates the gate for a server on the loopback address; it is closed at first. */
  constructor(hostname: string, upstreamPort: number) {
    this.#hostname = hostname;
    this.#upstreamPort = upstreamPort;
  }

  /**
   * Takes connections from now on.
   *
   * @returns the port in use.
   * @throws {TransportError} `address_in_use` or `address_invalid` when the port cannot be had.
   */
  open(port: number): number {
    const listener = listen(this.#hostname, port);
    this.#listener = listener;
    this.#accepting = this.#accept(listener);
    return listener.addr.port;
  }

  /** Cuts every connection and refuses new ones. Resolves when the port is free again. */
  async shut(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut(this.#pairs.keys());
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  /** Cuts connections, named by the port from which the gate speaks to the server. */
  cut(upstreamPorts: Iterable<number>): void {
    for (const port of [...upstreamPorts]) this.#pairs.get(port)?.cut();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (this.#listener === listener) {
      try {
        const client = await listener.accept();
        const serving = this.#serve(client, listener).finally(() => this.#serving.delete(serving));
        this.#serving.add(serving);
      } catch {
        // Either the gate was shut, which ends the loop, or one client was gone before it was taken.
      }
    }
  }

  async #serve(client: Deno.TcpConn, listener: Deno.TcpListener): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#upstreamPort });
    } catch {
      return client.close();
    }
    const { port } = server.localAddr;
    const pair = new ConnectionPair(client, server);
    if (this.#listener !== listener) return pair.cut();
    this.#pairs.set(port, pair);
    await pair.run();
    this.#pairs.delete(port);
  }
}

/** A client's connection and the one to the server that continues it. */
class ConnectionPair {
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  #isCut = false;

  constructor(client: Deno.TcpConn, server: Deno.TcpConn) {
    this.#client = client;
    this.#server = server;
  }

  /** Passes bytes both ways until both sides have ended, or the pair is cut. */
  async run(): Promise<void> {
    await Promise.all([
      this.#pass(this.#client, this.#server),
      this.#pass(this.#server, this.#client),
    ]);
    this.cut();
  }

  /** Ends both connections at once. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#client.close();
    this.#server.close();
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    try {
      await copy(from, to);
    } catch {
      // A connection broke or was cut: either way there is nobody left to tell.
      this.cut();
    }
  }
}

/** Without a delay on the way out, since events are small and many. */
async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  to.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const length = await from.read(buffer);
    if (length === null) break;
    for (let sent = 0; sent < length;) sent += await to.write(buffer.subarray(sent, length));
  }
  await to.closeWrite();
}

function listen(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    const inUse = cause instanceof Deno.errors.AddrInUse;
    throw new TransportError(
      inUse ? "address_in_use" : "address_invalid",
      `Cannot listen on ${hostname}:${port}; choose another ${inUse ? "port" : "address"}`,
      { cause },
    );
  }
}

/** Bare ZeroMQ and TCP peers: what is out there, well-behaved or not. */

import { Dealer, Publisher, Request } from "zeromq";
import { bytes, turn, until } from "./support.ts";

/** A ZeroMQ socket that sends and receives frames. */
export class RawPeer implements Disposable {
  readonly #socket: Dealer | Request;

  constructor(socket: Dealer | Request, address: string) {
    this.#socket = socket;
    socket.connect(address);
  }

  /** Sends a message of these frames. */
  async send(...frames: (string | Uint8Array)[]): Promise<void> {
    await this.#socket.send(frames);
  }

  /** The next message. */
  async receive(): Promise<Uint8Array[]> {
    await until(() => this.#socket.readable, "a message came");
    return await this.#socket.receive();
  }

  /** True when a message waits. */
  get readable(): boolean {
    return this.#socket.readable;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

const OPTIONS = { linger: 0, receiveTimeout: 0, sendTimeout: 0 } as const;

/** A DEALER; with `receiveHighWaterMark: 1` one that soon stops taking what it does not read. */
export function rawDealer(
  address: string,
  options: {
    receiveHighWaterMark?: number;
    receiveBufferSize?: number;
    curveServerKey?: string;
    curvePublicKey?: string;
    curveSecretKey?: string;
  } = {},
): RawPeer {
  return new RawPeer(new Dealer({ ...OPTIONS, sendHighWaterMark: 0, ...options }), address);
}

/** A REQ. */
export function rawRequest(address: string, options: { correlate?: boolean } = {}): RawPeer {
  return new RawPeer(new Request({ ...OPTIONS, ...options }), address);
}

/** A bound PUB and its address. */
export async function rawPublisher(
  address = "tcp://127.0.0.1:0",
): Promise<{ socket: Publisher; address: string }> {
  const socket = new Publisher({ linger: 0, sendTimeout: 0 });
  await socket.bind(address);
  return { socket, address: socket.lastEndpoint! };
}

/** What strangers send to an open port, or nothing at all. */
export const GARBAGE: Record<string, Uint8Array<ArrayBuffer>> = {
  "nothing": bytes(""),
  "an HTTP request": bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "random bytes": crypto.getRandomValues(new Uint8Array(4_096)),
  "half a greeting": new Uint8Array([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3]),
  "a greeting and a frame too large": tooLargeAfterGreeting(),
};

/** A ZMTP 3.0 greeting, READY, and the head of a message of 2^62 bytes. */
function tooLargeAfterGreeting(): Uint8Array<ArrayBuffer> {
  const greeting = new Uint8Array(64);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
  greeting.set(bytes("NULL"), 12);
  const ready = [4, 25, 5, ...bytes("READY"), 11, ...bytes("Socket-Type"), 0, 0, 0, 3];
  ready.push(...bytes("REQ"));
  ready[1] = ready.length - 2;
  return new Uint8Array([...greeting, ...ready, 2, 0x40, 0, 0, 0, 0, 0, 0, 0]);
}

/** Connects over TCP, sends the bytes and vanishes. */
export async function throwAt(address: string, garbage: Uint8Array<ArrayBuffer>): Promise<void> {
  const port = Number(address.split(":").at(-1));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (garbage.length > 0) await connection.write(garbage);
  await turn();
}

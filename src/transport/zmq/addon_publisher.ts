/** A PUB of the package, for systems where libzmq cannot be opened without it. */

// The addon warns through Node's `process` object, and through nothing else; see `unwarned`.
import process from "node:process";
import { Publisher } from "zeromq";
import type { NativeSocketOptions } from "./native.ts";
import type { PublisherPort } from "./port.ts";
import { errorCode } from "./socket.ts";

/** A PUB that drops nothing unless told to. */
export class AddonPublisher implements PublisherPort {
  readonly #socket: Publisher;

  /** Makes a socket. */
  constructor(options: NativeSocketOptions) {
    this.#socket = new Publisher({ ...options, noDrop: true, sendTimeout: 0 });
  }

  get lastEndpoint(): string | null {
    return this.#socket.lastEndpoint;
  }

  bind(address: string): Promise<void> {
    return this.#socket.bind(address);
  }

  async trySend(body: Uint8Array): Promise<boolean> {
    try {
      await this.#socket.send(body);
      return true;
    } catch (error) {
      if (errorCode(error) === "EAGAIN") return false;
      throw error;
    }
  }

  look(): void {
    void this.#socket.writable;
  }

  allowDrops(drops: boolean): void {
    unwarned(() => this.#socket.noDrop = !drops);
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Sets an option of a bound socket. The addon warns that it waits for the next bind, on the console and
 * each time; of `noDrop` that is not so (libzmq's `xpub_t::xsetsockopt` takes it at once).
 */
function unwarned(setOption: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    setOption();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** One request on its way: what both request clients do the same. */

import { TransportError } from "../errors.ts";
import type { RequestOptions } from "./sockets.ts";

/** Longest wait for an answer by default, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** A request and its answer to come. */
export class Exchange {
  readonly #answer = Promise.withResolvers<Uint8Array>();

  /** Gives the answer; later calls do nothing. */
  resolve(body: Uint8Array): void {
    this.#answer.resolve(body);
  }

  /** Fails the request; later calls do nothing. */
  reject(reason: unknown): void {
    this.#answer.reject(reason);
  }

  /** Waits for the answer within the limits of the request. */
  async settled(
    address: string,
    options: RequestOptions,
    onTimeout?: () => void,
  ): Promise<Uint8Array> {
    const { signal, timeoutMs = TIMEOUT_MS } = options;
    const expire = (): void => {
      this.reject(timeoutError(address, timeoutMs));
      onTimeout?.();
    };
    const abort = (): void => this.reject(signal?.reason);
    const timer = setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", abort);
    try {
      return await this.#answer.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** What a request fails with that is not answered in time. */
function timeoutError(address: string, timeoutMs: number): TransportError {
  const message = `No answer from ${address} within ${timeoutMs} ms, ` +
    `check that the worker runs and listens on this address`;
  return new TransportError("timeout", message);
}

/** What requests fail with when their client is closed. */
export function closedError(address: string): TransportError {
  return new TransportError("closed", `Cannot ask ${address}: the client was closed, connect anew`);
}

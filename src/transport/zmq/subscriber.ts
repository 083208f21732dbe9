/** The update subscription on a ZeroMQ SUB. */

import { Subscriber } from "zeromq";
import type { ConnectSocketOptions, UpdateSubscriber } from "../sockets.ts";
import { curveOptions } from "./curve.ts";
import {
  CONNECT_OPTIONS,
  type ConnectRuntime,
  connectSocket,
  type FrameReceiver,
  plainBytes,
} from "./options.ts";

/** Messages kept by ZeroMQ for an iteration that lags; more wait with the publisher. */
const HIGH_WATER_MARK = 10_000;

/** Connects a SUB; see `Transport.connectUpdates`. */
export async function connectSubscriber(
  address: string,
  { curve }: ConnectSocketOptions,
  runtime: ConnectRuntime,
): Promise<UpdateSubscriber> {
  const socket = new Subscriber({
    ...CONNECT_OPTIONS,
    ...curveOptions(curve),
    ipv6: await runtime.needsIpv6(address),
    receiveHighWaterMark: HIGH_WATER_MARK,
    receiveTimeout: runtime.receiveTimeout,
  });
  socket.subscribe();
  connectSocket(socket, address);
  return new ZmqUpdateSubscriber(socket, runtime.receiverOf(socket));
}

class ZmqUpdateSubscriber implements UpdateSubscriber {
  readonly #socket: Subscriber;
  readonly #receiver: FrameReceiver;
  #closing: Promise<void> | undefined;

  constructor(socket: Subscriber, receiver: FrameReceiver) {
    this.#socket = socket;
    this.#receiver = receiver;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A message of several frames is not of this protocol and passed over. */
  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const frames = await this.#receiver.receive();
      if (frames === undefined) return { done: true, value: undefined };
      if (frames.length === 1) return { done: false, value: plainBytes(frames[0]!) };
    }
  }

  async #close(): Promise<void> {
    await this.#receiver.close();
    this.#socket.close();
  }
}

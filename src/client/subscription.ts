/** Hears every update, by a new socket when the present one seems to be dead. */

import type { Update } from "../protocol/mod.ts";
import type { UpdateSubscriber } from "../transport/mod.ts";
import { readUpdate } from "./wire.ts";

/** A subscription to the updates of a worker. */
export class Subscription implements AsyncDisposable {
  readonly #connect: () => Promise<UpdateSubscriber>;
  readonly #hear: (update: Update) => void;
  #present: { readonly socket: UpdateSubscriber; readonly reading: Promise<void> };
  #renewing: Promise<void> | undefined;
  #isClosed = false;

  /** Hears by a socket, and by others that `connect` makes when it has to. */
  constructor(
    socket: UpdateSubscriber,
    connect: () => Promise<UpdateSubscriber>,
    hear: (update: Update) => void,
  ) {
    this.#connect = connect;
    this.#hear = hear;
    this.#present = { socket, reading: this.#read(socket) };
  }

  /** Subscribes by another socket: TCP may need minutes to notice that nobody is there any more. */
  renew(): void {
    const done = (): void => void (this.#renewing = undefined);
    // Should it fail, the present one is as good as before.
    this.#renewing ??= this.#renew().then(done, done);
  }

  /** Hears nothing more. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#renewing;
    await this.#present.socket.close();
    await this.#present.reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #renew(): Promise<void> {
    if (this.#isClosed) return;
    const socket = await this.#connect();
    await this.#present.socket.close();
    await this.#present.reading;
    this.#present = { socket, reading: this.#read(socket) };
  }

  async #read(socket: UpdateSubscriber): Promise<void> {
    for await (const bytes of socket) {
      const update = readUpdate(bytes);
      if (update !== undefined) this.#hear(update);
    }
  }
}

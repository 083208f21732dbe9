/** Hears every update, by a new connection when the present one seems to be dead. */

import type { Update } from "../protocol/mod.ts";
import type { UpdateSource } from "./link.ts";

/** A subscription to the updates of a worker. */
export class Subscription implements AsyncDisposable {
  readonly #connect: () => Promise<UpdateSource>;
  readonly #hear: (update: Update) => void;
  #present: { readonly source: UpdateSource; readonly reading: Promise<void> };
  #renewing: Promise<void> | undefined;
  #isClosed = false;

  /** Hears by a connection, and by others that `connect` makes when it has to. */
  constructor(
    source: UpdateSource,
    connect: () => Promise<UpdateSource>,
    hear: (update: Update) => void,
  ) {
    this.#connect = connect;
    this.#hear = hear;
    this.#present = { source, reading: this.#read(source) };
  }

  /** Subscribes by another connection: TCP may need minutes to notice that nobody is there any more. */
  renew(): void {
    const done = (): void => void (this.#renewing = undefined);
    // Should it fail, the present one is as good as before.
    this.#renewing ??= this.#renew().then(done, done);
  }

  /** Hears nothing more. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#renewing;
    await this.#present.source.close();
    await this.#present.reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #renew(): Promise<void> {
    if (this.#isClosed) return;
    const source = await this.#connect();
    await this.#present.source.close();
    await this.#present.reading;
    this.#present = { source, reading: this.#read(source) };
  }

  async #read(source: UpdateSource): Promise<void> {
    for await (const update of source) this.#hear(update);
  }
}

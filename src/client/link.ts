/** A way to a worker, whatever carries the messages. */

import type { Reply, Request, Update } from "../protocol/mod.ts";
import type { RequestOptions } from "../transport/mod.ts";

/** A subscription to every update. Iteration ends when it is closed. */
export interface UpdateSource extends AsyncIterable<Update> {
  /** Frees everything. May be called again. */
  close(): Promise<void>;
}

/** A way to a worker, which need not be there yet. */
export interface Link extends AsyncDisposable {
  /**
   * Takes a request to the worker and brings its reply back.
   *
   * @throws {TransportError} `timeout` when no answer came in time, `closed` after `close()`.
   * @throws {ProtocolError} when the answer is none.
   * @throws the signal's reason when it is aborted.
   */
  exchange(request: Request, options: RequestOptions): Promise<Reply>;
  /** Subscribes to updates by a new connection. */
  subscribe(): Promise<UpdateSource>;
  /** Fails what is under way and frees everything but subscriptions. May be called again. */
  close(): Promise<void>;
}

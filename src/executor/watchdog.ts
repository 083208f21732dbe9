/** Notices that nothing has happened for too long. */

import { ComfyError } from "../errors.ts";

/** Once fed, aborts its signal unless it is fed again at least every `timeoutMs`. */
export class Watchdog implements Disposable {
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Creates one that waits for its first feeding without limit. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Aborted, with a `stalled` error as its reason, when it was not fed in time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the wait anew. */
  feed(): void {
    clearTimeout(this.#timer);
    if (this.#controller.signal.aborted) return;
    this.#timer = setTimeout(() => {
      const seconds = this.#timeoutMs / 1_000;
      this.#controller.abort(
        new ComfyError(
          "stalled",
          `ComfyUI gave no sign of progress for ${seconds} s; raise --comfyui-timeout if its models load ` +
            "slower than that, else look at its log",
        ),
      );
    }, this.#timeoutMs);
  }

  /** Stops the wait. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Notices that nothing has happened for too long. */

import type { Later } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";

/** Once fed, aborts its signal unless it is fed again at least every `timeoutMs`. */
export class Watchdog implements Disposable {
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #later: Later;
  #cancel: (() => void) | undefined;
  #fedAtMs = 0;

  /** Creates one that waits for its first feeding without limit. */
  constructor(timeoutMs: number, later: Later) {
    this.#timeoutMs = timeoutMs;
    this.#later = later;
  }

  /** Aborted, with a `stalled` error as its reason, when it was not fed in time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the wait anew. The timer goes on: a job feeds often, and a new one each time is dear. */
  feed(): void {
    this.#fedAtMs = performance.now();
    if (!this.#controller.signal.aborted) this.#cancel ??= this.#arm(this.#timeoutMs);
  }

  /** Stops the wait. */
  [Symbol.dispose](): void {
    this.#cancel?.();
  }

  #arm(waitMs: number): () => void {
    return this.#later(waitMs, () => {
      const leftMs = this.#fedAtMs + this.#timeoutMs - performance.now();
      if (leftMs > 0) this.#cancel = this.#arm(leftMs);
      else this.#bark();
    });
  }

  #bark(): void {
    const seconds = this.#timeoutMs / 1_000;
    this.#controller.abort(
      new ComfyError(
        "stalled",
        `ComfyUI gave no sign of progress for ${seconds} s; raise --comfyui-timeout if its models load ` +
          "slower than that, else look at its log",
      ),
    );
  }
}

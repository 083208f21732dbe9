/** Lets other work of the worker have its turn, such as ZeroMQ's clients, however many ask over HTTP. */

/** Requests that are begun in one turn of the event loop; each takes a tenth of a millisecond or so. */
const EACH_TURN = 4;

/** Spreads requests over turns: Deno hands over all that have come in one. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  /** Undefined if a request may begin at once; else resolves when it may. */
  next(): Promise<void> | undefined {
    if (this.#begun === 0) setImmediate(() => this.#turn());
    if (this.#begun < EACH_TURN) {
      this.#begun += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #turn(): void {
    const now = this.#waiting.splice(0, EACH_TURN);
    this.#begun = now.length;
    for (const begin of now) begin();
    if (now.length > 0) setImmediate(() => this.#turn());
  }
}

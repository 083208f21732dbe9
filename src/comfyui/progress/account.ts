/** Whether the event socket told all of a prompt, so that the history need not be asked (pure). */

import type { ServerEvent } from "../api/events.ts";
import { sourcesOf } from "../graph.ts";
import type { PromptGraph } from "../types.ts";

/** What the socket has told of one prompt, from before its post on. */
export class SocketAccount {
  /** Nodes that nothing takes its input from: those that show something announce it, cached ones too. */
  readonly #untold: Set<string>;
  #hasGap = false;
  #hasStarted = false;
  #hasCached = false;
  #hasSucceeded = false;

  /** Begins before the prompt is posted. */
  constructor(graph: PromptGraph) {
    const used = new Set(Object.keys(graph).flatMap((id) => sourcesOf(graph, id)));
    this.#untold = new Set(Object.keys(graph).filter((id) => !used.has(id)));
  }

  /** Something may have been missed. */
  doubt(): void {
    this.#hasGap = true;
  }

  /** Takes a message of the prompt. */
  note(event: ServerEvent): void {
    if (event.type === "execution_start") this.#hasStarted = true;
    else if (event.type === "execution_cached") this.#hasCached = this.#hasStarted;
    else if (event.type === "execution_success") this.#hasSucceeded = true;
    else if (event.type === "executed") this.#untold.delete(event.node);
  }

  /** True if it ended well and nothing is missing; a node that shows nothing leaves that open. */
  get isWhole(): boolean {
    return !this.#hasGap && this.#hasCached && this.#hasSucceeded && this.#untold.size === 0;
  }
}

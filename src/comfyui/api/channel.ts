/** A bounded queue of events between the network and a consumer that may be slow. */

import type { ComfyEvent } from "../types.ts";

/** Repeated announcements beyond this number push out the oldest ones. */
const MAX_ANNOUNCEMENTS = 2_000;

/**
 * Progress beyond this number pushes out the oldest. Messages come in bursts, so a consumer that only
 * waits for its turn must miss none.
 */
const MAX_PROGRESS = 256;

/**
 * Delivers events in order.
 *
 * Of the previews of a node, which are large, and of the states of the connection only the latest
 * waits; of progress the latest {@linkcode MAX_PROGRESS}. Endings and results are never dropped.
 */
export class EventChannel {
  #events: ComfyEvent[] = [];
  #announcements = 0;
  #progress = 0;
  #end: { error: unknown } | "end" | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;
  #take: ((event: ComfyEvent) => void) | undefined;

  /** True once {@linkcode end} or {@linkcode fail} was called. */
  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Number of events that wait. */
  get size(): number {
    return this.#events.length;
  }

  /** Has each event taken in the moment in which it comes, so that none waits. */
  deliverTo(take: (event: ComfyEvent) => void): void {
    this.#take = take;
  }

  /** Adds an event; after the end it is dropped. */
  push(event: ComfyEvent): void {
    if (this.isEnded) return;
    if (this.#take !== undefined) return this.#take(event);
    if (isReplaceable(event)) this.#remove((other) => isSameSubject(other, event));
    if (isProgress(event) && ++this.#progress > MAX_PROGRESS) {
      this.#remove(isProgress);
      this.#progress--;
    }
    if (isAnnouncement(event) && ++this.#announcements > MAX_ANNOUNCEMENTS) {
      this.#remove(isAnnouncement);
      this.#announcements--;
    }
    this.#events.push(event);
    this.#wake();
  }

  /** Ends the stream after what has been pushed. */
  end(): void {
    this.#end ??= "end";
    this.#wake();
  }

  /** Ends the stream with an error after what has been pushed. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Waits for the next event; `undefined` at the end. */
  async next(): Promise<ComfyEvent | undefined> {
    while (this.#events.length === 0) {
      if (this.#end === "end") return undefined;
      if (this.#end !== undefined) throw this.#end.error;
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
    return this.take();
  }

  /** The next event if one is there. */
  take(): ComfyEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined && isAnnouncement(event)) this.#announcements--;
    if (event !== undefined && isProgress(event)) this.#progress--;
    return event;
  }

  #remove(matches: (event: ComfyEvent) => boolean): void {
    const index = this.#events.findIndex(matches);
    if (index >= 0) this.#events.splice(index, 1);
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}

function isReplaceable(event: ComfyEvent): boolean {
  return event.type === "preview" || event.type === "connection";
}

function isProgress(event: ComfyEvent): boolean {
  return event.type === "progress";
}

function isSameSubject(a: ComfyEvent, b: ComfyEvent): boolean {
  if (a.type !== b.type) return false;
  return ("node" in a ? a.node : undefined) === ("node" in b ? b.node : undefined);
}

/** Loops that expand while they run announce the same nodes again and again. */
function isAnnouncement(event: ComfyEvent): boolean {
  return event.type === "executing" || event.type === "node_finished";
}

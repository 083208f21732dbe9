/**
 * Progress on its way from an isolate to its host, in memory that both share: a message wakes up either of
 * them for several times as much. All else goes by messages, among which what is here keeps its place.
 */

import type { Stage } from "../protocol/mod.ts";
import type { FromSandbox, RunEvent } from "./messages.ts";
import { Pace } from "./pace.ts";

/** What goes this way. */
export type ProgressMessage = Extract<FromSandbox, { type: "event" }> & {
  readonly event: Extract<RunEvent, { type: "progress" }>;
};

/** Stages by their numbers here. */
export const STAGES = [
  "initializing",
  "loading_models",
  "encoding",
  "sampling",
  "decoding",
  "post_processing",
] as const satisfies readonly Stage[];

/** Entries that fit. */
const ENTRIES = 256;
/** Numbers of an entry: the messages that left before it, its run, then its progress. */
const NUMBERS = 7;
/** Places of the counters: of entries written, and of entries read as the host tells it. */
const [WRITTEN, READ] = [0, 1];
const HEAD_BYTES = 8;

/** Memory for one isolate. */
export function createRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + ENTRIES * NUMBERS * Float64Array.BYTES_PER_ELEMENT);
}

function viewsOf(memory: SharedArrayBuffer): { counters: Int32Array; numbers: Float64Array } {
  const counters = new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
  return { counters, numbers: new Float64Array(memory, HEAD_BYTES) };
}

/** Place of the first number of an entry; the counters run on, past the largest number to the smallest. */
function placeOf(entry: number): number {
  return (entry & (ENTRIES - 1)) * NUMBERS;
}

/** The isolate's end. */
export class RingWriter {
  readonly #counters: Int32Array;
  readonly #numbers: Float64Array;
  #written = 0;
  #posts = 0;

  /** Begins before the first message leaves. */
  constructor(memory: SharedArrayBuffer) {
    const { counters, numbers } = viewsOf(memory);
    this.#counters = counters;
    this.#numbers = numbers;
  }

  /** To be called with each message that leaves. */
  notePost(): void {
    this.#posts += 1;
  }

  /** Hands over all of these; false, and none, where there is no room for them. */
  write(messages: readonly ProgressMessage[]): boolean {
    const used = (this.#written - Atomics.load(this.#counters, READ)) | 0;
    if (used + messages.length > ENTRIES) return false;
    for (const { run, event: { progress } } of messages) {
      const { stage, step, total_steps, percent, eta_s } = progress;
      const at = placeOf(this.#written);
      this.#numbers[at] = this.#posts;
      this.#numbers[at + 1] = run;
      this.#numbers[at + 2] = STAGES.indexOf(stage);
      this.#numbers[at + 3] = step;
      this.#numbers[at + 4] = total_steps;
      this.#numbers[at + 5] = percent;
      this.#numbers[at + 6] = eta_s;
      this.#written = (this.#written + 1) | 0;
    }
    Atomics.store(this.#counters, WRITTEN, this.#written);
    Atomics.notify(this.#counters, WRITTEN);
    return true;
  }
}

/** What the host's end tells. */
export interface RingReaderOptions {
  /** Called each time that it was woken up, before it reads. */
  readonly onWake: () => void;
  /** Takes an entry, of which nobody has checked the numbers and the stage. */
  readonly take: (message: ProgressMessage) => void;
  /** Called for counters that cannot be. */
  readonly onSenseless: () => void;
  /** When to look. @default one of its own */
  readonly pace?: Pace;
}

/** The host's end. The other one may be in anybody's hands, so nothing is believed but numbers. */
export class RingReader implements Disposable {
  readonly #counters: Int32Array;
  readonly #numbers: Float64Array;
  readonly #options: RingReaderOptions;
  readonly #pace: Pace;
  readonly #look = () => this.#wake();
  #readCount = 0;
  #posts = 0;
  #isClosed = false;

  /** Begins to listen. */
  constructor(memory: SharedArrayBuffer, options: RingReaderOptions) {
    const { counters, numbers } = viewsOf(memory);
    this.#counters = counters;
    this.#numbers = numbers;
    this.#options = options;
    this.#pace = options.pace ?? new Pace();
    this.#read();
  }

  /** Notes that a message has come; what left before it is to be read first. */
  noteMessage(): void {
    this.#posts += 1;
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#pace.leave(this.#look);
    Atomics.notify(this.#counters, WRITTEN);
  }

  /** Reads, and sees to it that it is done again. */
  #read(): void {
    const seen = Atomics.load(this.#counters, WRITTEN);
    const count = this.drain();
    if (this.#isClosed) return;
    if (count > 0) {
      this.#pace.note(count);
      if (this.#pace.isOften) return this.#pace.look(this.#look);
    }
    this.#wait(seen);
  }

  async #wait(seen: number): Promise<void> {
    const call = Atomics.waitAsync(this.#counters, WRITTEN, seen);
    // Also where there is more already: nobody shall have this turn of the event loop for himself.
    await call.value;
    this.#wake();
  }

  #wake(): void {
    if (this.#isClosed) return;
    this.#options.onWake();
    this.#read();
  }

  /** Reads what left before the next message that is to come; returns how much that was. */
  drain(): number {
    const waiting = (Atomics.load(this.#counters, WRITTEN) - this.#readCount) | 0;
    if (waiting < 0 || waiting > ENTRIES) this.#options.onSenseless();
    let count = 0;
    for (; count < waiting && !this.#isClosed; count += 1) {
      const at = placeOf(this.#readCount);
      if (this.#numbers[at]! > this.#posts) break;
      const message = messageAt(this.#numbers, at);
      this.#readCount = (this.#readCount + 1) | 0;
      Atomics.store(this.#counters, READ, this.#readCount);
      this.#options.take(message);
    }
    return count;
  }
}

function messageAt(numbers: Float64Array, at: number): ProgressMessage {
  const progress = {
    stage: STAGES[numbers[at + 2]!]!,
    step: numbers[at + 3]!,
    total_steps: numbers[at + 4]!,
    percent: numbers[at + 5]!,
    eta_s: numbers[at + 6]!,
  };
  return { type: "event", run: numbers[at + 1]!, event: { type: "progress", progress } };
}

/**
 * What an isolate tells its host, several messages in one: each that is sent by itself wakes two threads,
 * which costs more than all that is in it.
 */

import type { FromSandbox } from "../executor/messages.ts";
import { type ProgressMessage, RingWriter } from "../executor/ring.ts";

/** Messages that are told at once, in the turn of the event loop in which they came, in a moment, or later. */
type Urgency = "now" | "turn" | "soon" | "late";

/** Longest time that progress waits which tells of no step, in milliseconds. */
const LINGER_MS = 20;

/** How long a log line waits, up to twice the time, in milliseconds. */
const LATE_MS = 250;

/** What the gathering is made of. */
export interface OutgoingOptions {
  /** Calls back in this turn of the event loop, when all that is ready was done. @default {setImmediate} */
  afterTurn?: (callback: () => void) => void;
  /** Calls back after some time. @default a timer */
  later?: (callback: () => void, ms: number) => void;
}

/**
 * Gathers messages in their order. A sampler step leaves with what else comes in its turn; progress that
 * tells of no step waits for the next message, not long. Of such progress the first and the last within a stage
 * are told. Log lines wait for what cannot go by shared memory.
 */
export class Outgoing {
  readonly #send: (messages: readonly FromSandbox[]) => void;
  readonly #afterTurn: (callback: () => void) => void;
  readonly #later: (callback: () => void, ms: number) => void;
  #waiting: FromSandbox[] = [];
  #lines: FromSandbox[] = [];
  /** Those among them that a later one may take the place of, by their runs. */
  readonly #replaceable = new Map<number, number>();
  /** What was told last of each run. */
  readonly #last = new Map<number, { readonly stage: string; readonly step: number }>();
  #ring: RingWriter | undefined;
  #isDue = false;
  #isLingering = false;
  /** The lines that waited when the timer for them began. */
  #lateLines: FromSandbox[] | undefined;

  /** Begins with nothing. */
  constructor(
    send: (messages: readonly FromSandbox[]) => void,
    {
      afterTurn = (callback) => void setImmediate(callback),
      later = (callback, ms) => void setTimeout(callback, ms),
    }: OutgoingOptions = {},
  ) {
    this.#send = send;
    this.#afterTurn = afterTurn;
    this.#later = later;
  }

  /** Has memory that the host reads, too; to be called before the first message. */
  share(memory: SharedArrayBuffer): void {
    this.#ring = new RingWriter(memory);
  }

  /** Takes a message. */
  post(message: FromSandbox): void {
    const urgency = isProgress(message) ? this.#addProgress(message) : this.#add(message);
    if (urgency === "now") return this.#flush();
    if (urgency === "late") {
      this.#lingerLate();
    } else if (urgency === "soon") {
      if (!this.#isDue) this.#linger();
    } else if (!this.#isDue) {
      if (this.#writeRing()) return;
      this.#isDue = true;
      this.#afterTurn(() => this.#flush());
    }
  }

  #add(message: FromSandbox): Urgency {
    const urgency = urgencyOf(message);
    if (urgency === "late") this.#lines.push(message);
    else this.#waiting.push(message);
    if (message.type === "event") this.#replaceable.delete(message.run);
    if (message.type === "ended") this.#last.delete(message.run);
    return urgency;
  }

  #addProgress(message: ProgressMessage): Urgency {
    const { run, event: { progress: { stage, step } } } = message;
    const before = this.#last.get(run);
    const isStep = step !== (before?.step ?? 0);
    const mayGo = before?.stage === stage && !isStep;
    this.#last.set(run, { stage, step });
    const place = this.#replaceable.get(run);
    if (mayGo && place !== undefined) {
      this.#waiting[place] = message;
      return "soon";
    }
    this.#waiting.push(message);
    if (mayGo) this.#replaceable.set(run, this.#waiting.length - 1);
    else this.#replaceable.delete(run);
    return isStep ? "turn" : "soon";
  }

  /** One timer at a time: Deno wakes up for those that were given up, too. */
  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    this.#later(() => {
      this.#isLingering = false;
      this.#flush();
    }, LINGER_MS);
  }

  /** Those that came when the timer ran already wait for the next one. */
  #lingerLate(): void {
    if (this.#lateLines !== undefined) return;
    this.#lateLines = this.#lines;
    this.#later(() => {
      const isDue = this.#lateLines === this.#lines;
      this.#lateLines = undefined;
      if (this.#lines.length === 0) return;
      if (isDue) this.#sendAll();
      else this.#lingerLate();
    }, LATE_MS);
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#waiting.length > 0 && !this.#writeRing()) this.#sendAll();
  }

  #sendAll(): void {
    const lines = this.#lines;
    this.#lines = [];
    this.#ring?.notePost();
    this.#send([...lines, ...this.#takeWaiting()]);
  }

  /** Costs so little that there is nothing to gather for; false where not all can go that way. */
  #writeRing(): boolean {
    if (this.#ring === undefined || !this.#waiting.every(isProgress)) return false;
    if (!this.#ring.write(this.#waiting)) return false;
    this.#takeWaiting();
    return true;
  }

  #takeWaiting(): FromSandbox[] {
    const messages = this.#waiting;
    this.#waiting = [];
    this.#replaceable.clear();
    return messages;
  }
}

/** What others wait for leaves at once: should the isolate fall in this very turn, it is told. */
function urgencyOf(message: FromSandbox): Urgency {
  if (message.type === "event") return "turn";
  const mayWait = message.type === "log" &&
    (message.level === "info" || message.level === "debug");
  return mayWait ? "late" : "now";
}

function isProgress(message: FromSandbox): message is ProgressMessage {
  return message.type === "event" && message.event.type === "progress";
}

/** `Retry-After`: a server that asks to be left alone for a while is left alone. */

import type { Clock } from "../clock.ts";

/** Shortest wait, and the longest that a server is granted at a time, in milliseconds. */
const WAIT_MS = { least: 250, most: 120_000 };

/** Statuses that may carry the wish (RFC 9110, section 10.2.3; RFC 6585, section 4). */
const STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** Holds back every request to one server for as long as that server has asked for. */
export class Patience {
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  #until = -Infinity;
  #status = 0;

  /** @param wallClock Unix milliseconds, to which a server's dates refer. */
  constructor(clock: Clock, wallClock: () => number = Date.now) {
    this.#clock = clock;
    this.#wallClock = wallClock;
  }

  /** Time to wait before the next request, in milliseconds; 0 for none. */
  get waitMs(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** Notes the wish of an answer, if it has one; false if not. */
  note({ status, headers }: Pick<Response, "status" | "headers">): boolean {
    if (!STATUSES.has(status)) return false;
    const waitMs = this.#read(headers.get("retry-after"));
    if (waitMs === undefined) return false;
    this.#status = status;
    this.#until = this.#clock.now() + Math.min(Math.max(waitMs, WAIT_MS.least), WAIT_MS.most);
    return true;
  }

  /** What the server has asked for, in words. */
  describe(): string {
    const seconds = Math.ceil(this.waitMs / 1_000);
    return `ComfyUI answered ${this.#status} and asks to be left alone for ${seconds} s more`;
  }

  /** Seconds, or a date. */
  #read(value: string | null): number | undefined {
    if (value === null) return undefined;
    if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
    const date = Date.parse(value);
    return Number.isNaN(date) ? undefined : Math.max(0, date - this.#wallClock());
  }
}

/** What is still to be told to others, kept until it was or is given up. */

/** Something to be told. */
export interface NewDelivery {
  /** Its own name, by which a receiver knows it again; putting it twice tells it once. */
  readonly id: string;
  /** The job that it is about, as people read it: without U+0000. */
  readonly jobId: string;
  /** Where to. */
  readonly url: string;
  /** Host and port of the URL: at one that hangs only so many wait. */
  readonly host: string;
  /** What to tell. */
  readonly body: string;
}

/** Where a delivery stands. */
export type DeliveryState = "waiting" | "delivered" | "dead";

/** Something that was put. Times are Unix milliseconds. */
export interface Delivery extends NewDelivery {
  /** Where it stands; `dead` when it was given up. */
  readonly state: DeliveryState;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was put. */
  readonly createdAtMs: number;
  /** When it may be tried next. */
  readonly nextAtMs: number;
  /** Why the last try failed. */
  readonly error: string | undefined;
}

/** What became of a try. */
export type DeliveryResult =
  | { readonly type: "delivered" }
  /** It is tried again after a pause. */
  | { readonly type: "failed"; readonly error: string; readonly delayMs: number }
  /** It is given up. */
  | { readonly type: "dead"; readonly error: string };

/** Longest pause between two tries, in milliseconds: what is due later is due, for the clock was set back. */
export const MAX_DELIVERY_PAUSE_MS = 86_400_000;

/** Which deliveries to look at. */
export interface DeliveryQuery {
  /** Only those in this state. @default {all} */
  readonly state?: DeliveryState;
  /** Most of them. */
  readonly limit: number;
}

/** Keeps deliveries over restarts. Each method is one atomic step. */
export interface Outbox {
  /** Stores some; those that are known already are left as they are. */
  put(deliveries: readonly NewDelivery[]): Promise<void>;
  /**
   * Takes the next one that is due, not to one of these hosts; it is not given out again for so long, unless it
   * is settled before.
   */
  take(options: { leaseMs: number; exceptHosts: readonly string[] }): Promise<Delivery | undefined>;
  /** Notes what became of one. */
  settle(id: string, result: DeliveryResult): Promise<void>;
  /** Has a dead one tried again at once; false if there is none of that name. */
  revive(id: string): Promise<boolean>;
  /** When the next one is due, Unix milliseconds; undefined if none waits. */
  nextAtMs(): Promise<number | undefined>;
  /** Some of them, newest first. */
  list(query: DeliveryQuery): Promise<readonly Delivery[]>;
  /** How many wait, and how many were given up. */
  counts(): Promise<{ readonly waiting: number; readonly dead: number }>;
}

/** What a row of the table says. */
export function deliveryOf(row: Readonly<Record<string, unknown>>): Delivery {
  const { error } = row;
  return {
    id: String(row["id"]),
    jobId: String(row["job_id"]),
    url: String(row["url"]),
    host: String(row["host"]),
    body: String(row["body"]),
    state: String(row["state"]) as DeliveryState,
    attempts: Number(row["attempts"]),
    createdAtMs: Number(row["created_at_ms"]),
    nextAtMs: Number(row["next_at_ms"]),
    error: error === null || error === undefined ? undefined : String(error),
  };
}

/** The other workers of a queue: their endings, their wishes to cancel, and who lives. */

import type {
  HeldServer,
  Neighbours,
  News,
  Peer,
  ServerElsewhere,
  SharedQueue,
} from "../job_queue.ts";
import type { PostgresClient, StoredRow } from "./client.ts";
import { idBytes, idOf, plainText } from "./id.ts";
import { readJob } from "./row.ts";
import * as sql from "./presence.ts";

/** Endings that are read at once. */
const PAGE = 500;

/** Time between two signs of life, in milliseconds. */
const BEAT_MS = 5_000;

/** Time for which changes of servers are gathered before they are told, in milliseconds. */
const TOUCH_MS = 500;

/** Servers of a worker that was not heard of for so long, in milliseconds, are not counted on. */
const PRESENT_MS = 12_000;

/** Largest number that is told. */
const MOST = 2 ** 31 - 1;

/** What it works with. */
export interface OthersOptions {
  /** Where the queue is. */
  readonly client: PostgresClient;
  /** Name of this worker. */
  readonly worker: string;
  /** The time, or null for the database's own. */
  readonly clock: () => number | null;
}

/** What this worker has to do with the others. */
export class Others implements SharedQueue {
  readonly #options: OthersOptions;
  readonly #listeners: (() => void)[] = [];
  #heard: string | undefined;
  /** Endings that were read already and will be read again, by `seq`. */
  #read = new Set<number>();
  #look: () => readonly HeldServer[] = () => [];
  /** The models that were told last, by server. */
  #told = new Map<string, ReadonlySet<string> | undefined>();
  #updatesAddress: string | null = null;
  #publicKey: string | null = null;
  #touched: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<void> = Promise.resolve();

  /** Begins with what a worker of this name has not heard of. */
  constructor(options: OthersOptions) {
    this.#options = options;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Something was changed elsewhere. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async hold(look: () => readonly HeldServer[]): Promise<void> {
    this.#look = look;
    await this.#beat();
    this.#timer ??= setInterval(() => this.#beatSoon(0), BEAT_MS);
  }

  publishAt(updatesAddress: string, publicKey: string | undefined): void {
    this.#updatesAddress = plainText(updatesAddress);
    this.#publicKey = publicKey ?? null;
    this.touch();
  }

  async meet(): Promise<Neighbours> {
    const { client, worker, clock } = this.#options;
    const rows = await client.rows("look for other workers", sql.MEET, [
      clock(),
      worker,
      PRESENT_MS,
    ]);
    return {
      servers: rows.filter(({ name }) => name !== null).map(readServer),
      peers: rows.filter(({ is_first, updates_addr }) => is_first === true && updates_addr !== null)
        .map(readPeer),
    };
  }

  touch(): void {
    if (this.#timer !== undefined) this.#beatSoon(TOUCH_MS);
  }

  async hasModels(keys: readonly string[]): Promise<boolean> {
    const { client, worker, clock } = this.#options;
    const row = await client.row("look for models", sql.HAS_MODELS, [
      clock(),
      worker,
      PRESENT_MS,
      keys.map(plainText),
    ]);
    return row?.["has"] === true;
  }

  async news(running: readonly string[]): Promise<News> {
    const { client, clock } = this.#options;
    const heard = await this.#whereHeard();
    const rows = await client.rows("read endings", sql.NEWS, [
      clock(),
      heard,
      PAGE,
      running.map(idBytes),
    ]);
    const ended = rows.filter(({ seq }) => seq !== null);
    const fresh = ended.filter(({ seq }) => !this.#read.has(Number(seq)));
    this.#heard = ended.length < PAGE ? String(rows[0]?.["oldest"] ?? heard) : xidOf(ended.at(-1));
    const from = BigInt(this.#heard);
    this.#read = new Set(
      ended.filter((row) => BigInt(xidOf(row)) >= from).map(({ seq }) => Number(seq)),
    );
    const [first] = rows;
    const unwanted = first?.["unwanted"] ?? null;
    return {
      endings: fresh.map(readJob),
      cancelled: unwanted === null
        ? []
        : String(unwanted).split(",").map((hex) => idOf(Uint8Array.fromHex(hex))),
      hasWork: first?.["has_work"] === true,
      deadlineAtMs: optionalNumber(first?.["first_deadline_ms"]),
    };
  }

  /** Ends its signs of life. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#touched);
    this.#timer = undefined;
    await this.#beating;
  }

  #beatSoon(waitMs: number): void {
    this.#touched ??= setTimeout(() => {
      this.#touched = undefined;
      // One that is missed does no harm.
      this.#beating = this.#beating.then(() => this.#beat()).catch(() => {});
    }, waitMs);
  }

  async #beat(): Promise<void> {
    const { client, worker, clock } = this.#options;
    const heard = await this.#whereHeard();
    const servers = this.#look();
    await client.rows("tell that a worker lives", sql.BEAT, [
      clock(),
      worker,
      heard,
      servers.map(({ name }) => name),
      servers.map(({ state }) => state ?? null),
      servers.map(({ loaded }) => loaded === undefined ? null : plainText(loaded)),
      servers.map(({ room }) => Math.min(room, MOST)),
      servers.map(({ active }) => active),
      servers.map(({ waitMs }) => Math.round(Math.min(waitMs, MOST))),
      servers.map(({ weight }) => weight),
      servers.map(({ draining }) => String(draining)),
      servers.map(({ name, models }) => this.#told.get(name) === models ? null : list(models)),
      this.#updatesAddress,
      this.#publicKey,
    ]);
    this.#told = new Map(servers.map(({ name, models }) => [name, models]));
  }

  async #whereHeard(): Promise<string> {
    const { client, worker } = this.#options;
    if (this.#heard !== undefined) return this.#heard;
    const row = await client.row("read endings", sql.HEARD, [worker]);
    return this.#heard ??= String(row?.["heard"]);
  }
}

/** A list within a list, as PostgreSQL reads it. */
function list(texts: ReadonlySet<string> | undefined): string | null {
  if (texts === undefined) return null;
  const quoted = [...texts].map((text) => `"${plainText(text).replace(/["\\]/g, "\\$&")}"`);
  return `{${quoted.join(",")}}`;
}

function readPeer({ worker, updates_addr, curve_key }: StoredRow): Peer {
  return {
    name: String(worker),
    updatesAddress: String(updates_addr),
    publicKey: curve_key === null ? undefined : String(curve_key),
  };
}

function readServer(row: StoredRow): ServerElsewhere {
  const { name, worker, state, loaded, room, active, wait_ms, weight, draining } = row;
  return {
    name: String(name),
    worker: String(worker),
    ...(state === null ? {} : { state: String(state) }),
    loaded: loaded === null ? undefined : String(loaded),
    room: Number(room),
    active: Number(active),
    waitMs: Number(wait_ms),
    weight: Number(weight),
    draining: draining === true,
  };
}

function optionalNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function xidOf(row: StoredRow | undefined): string {
  return String(row?.["xid"]);
}

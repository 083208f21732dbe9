/** The other workers of a queue: their endings, their wishes to cancel, and who lives. */

import type { HeldServer, Neighbours, News, SharedQueue, WorkerFacts } from "../job_queue.ts";
import type { PostgresClient } from "./client.ts";
import { idBytes, idOf, plainText } from "./id.ts";
import { readEndings, readNeighbours } from "./told.ts";
import * as sql from "./presence.ts";

/** Endings that are read at once. */
const PAGE = 500;

/**
 * Transactions that are read again after a time without connection: a server that crashed, or a replica in its place, may
 * give numbers of its last moments to others. No more than there are endings that are known to have been told.
 */
const READ_AGAIN = 10_000n;

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
  /** Wakes them, soon. */
  readonly wake: () => void;
}

/** What this worker has to do with the others. */
export class Others implements SharedQueue {
  readonly #options: OthersOptions;
  readonly #listeners: (() => void)[] = [];
  #heard: string | undefined;
  /** Where it began to read. */
  #first = 0n;
  #isBack = false;
  /** Endings that were read already and will be read again, by `seq`. */
  #read = new Set<number>();
  #look!: () => readonly HeldServer[];
  /** What was told last, by server. */
  #told = new Map<string, Told>();
  #count = 0;
  #hasBegun = false;
  /** What was said last of this worker, here. */
  #drained: { readonly is: boolean } | undefined;
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

  /** The connection was lost, and is there again. */
  cameBack(): void {
    this.#isBack = true;
    this.changed();
  }

  /** How many others there were at the last look. */
  get count(): number {
    return this.#count;
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
    const values = [clock(), worker, PRESENT_MS];
    const row = await client.row("look for other workers", sql.MEET, values);
    const neighbours = readNeighbours(row?.["others"]);
    this.#count = neighbours.workers;
    return neighbours;
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
    const { client, worker, clock } = this.#options;
    const heard = await this.#whereHeard();
    const isBack = this.#isBack;
    const before = this.#drained;
    const from = isBack ? this.#earlier(heard) : heard;
    const values = [clock(), from, PAGE, running.map(idBytes), worker];
    const first = await client.row("read endings", sql.NEWS, values);
    if (isBack) this.#isBack = false;
    const ended = readEndings(first?.["endings"]);
    const fresh = ended.filter(({ seq }) => !this.#read.has(seq));
    this.#heard = ended.length < PAGE ? String(first?.["oldest"]) : String(ended.at(-1)?.xid);
    const next = BigInt(this.#heard);
    this.#read = new Set(ended.filter(({ xid }) => BigInt(xid) >= next).map(({ seq }) => seq));
    const unwanted = first?.["unwanted"] ?? null;
    return {
      endings: fresh.map(({ ending }) => ending),
      // Were it the same page again, there would be no end.
      hasMore: ended.length === PAGE && fresh.length > 0,
      cancelled: unwanted === null
        ? []
        : String(unwanted).split(",").map((hex) => idOf(Uint8Array.fromHex(hex))),
      hasWork: first?.["has_work"] === true,
      deadlineAtMs: optionalNumber(first?.["first_deadline_ms"]),
      // What was said meanwhile is newer.
      isDraining: before === this.#drained
        ? first?.["is_draining"] === true
        : this.#drained?.is === true,
    };
  }

  async workers(): Promise<readonly WorkerFacts[]> {
    const { client, clock } = this.#options;
    const rows = await client.rows("list the workers", sql.LIST_WORKERS, [clock()]);
    return rows.map((row) => ({
      name: String(row["name"]),
      upMs: optionalNumber(row["up_ms"]),
      silentMs: Number(row["silent_ms"]),
      servers: Number(row["servers"]),
      active: Number(row["active"]),
      draining: row["is_draining"] === true,
    }));
  }

  async drain(name: string, draining: boolean): Promise<boolean> {
    const { client, worker, clock, wake } = this.#options;
    const values = [clock(), plainText(name), draining, PRESENT_MS];
    const row = await client.row("drain a worker", sql.DRAIN, values);
    if (row === undefined) return false;
    if (name === worker) this.#drained = { is: draining };
    wake();
    return true;
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
    const all = this.#look();
    const before = this.#told;
    const servers = all.filter((server) => isNews(server, before.get(server.name)));
    const row = await client.row("tell that a worker lives", sql.BEAT, [
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
      servers.map(({ name, models }) => before.get(name)?.models === models ? null : list(models)),
      this.#updatesAddress,
      this.#publicKey,
      all.map(({ name }) => name),
      !this.#hasBegun,
    ]);
    this.#hasBegun = true;
    // Should somebody have removed some, all are told again the next time.
    const isWhole = Number(row?.["n"]) >= before.size;
    this.#told = new Map(isWhole ? all.map((server) => [server.name, toldOf(server)]) : []);
  }

  #earlier(heard: string): string {
    const early = BigInt(heard) - READ_AGAIN;
    return String(early > this.#first ? early : this.#first);
  }

  async #whereHeard(): Promise<string> {
    const { client, worker } = this.#options;
    if (this.#heard !== undefined) return this.#heard;
    const row = await client.row("read endings", sql.HEARD, [worker]);
    if (this.#heard === undefined) this.#first = BigInt(String(row?.["heard"]));
    return this.#heard ??= String(row?.["heard"]);
  }
}

/** A list within a list, as PostgreSQL reads it. */
function list(texts: ReadonlySet<string> | undefined): string | null {
  if (texts === undefined) return null;
  const quoted = [...texts].map((text) => `"${plainText(text).replace(/["\\]/g, "\\$&")}"`);
  return `{${quoted.join(",")}}`;
}

/** What of a server is told again when it has changed. */
interface Told {
  readonly facts: string;
  readonly models: ReadonlySet<string> | undefined;
}

function toldOf({ state, loaded, room, active, weight, draining, models }: HeldServer): Told {
  return { facts: JSON.stringify([state, loaded, room, active, weight, draining]), models };
}

function isNews(server: HeldServer, before: Told | undefined): boolean {
  const { facts, models } = toldOf(server);
  return facts !== before?.facts || models !== before.models;
}

function optionalNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

/** The other workers of a queue: their endings, their wishes to cancel, and who lives. */

import type { Job } from "../job.ts";
import type { SharedQueue } from "../job_queue.ts";
import type { PostgresClient, StoredRow } from "./client.ts";
import { idOf } from "./id.ts";
import { readJob } from "./row.ts";
import * as sql from "./statements.ts";

/** Endings that are read at once. */
const PAGE = 500;

/** Time between two signs of life, in milliseconds. */
const BEAT_MS = 5_000;

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
  #servers: readonly string[] = [];
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

  async hold(servers: readonly string[]): Promise<void> {
    this.#servers = servers;
    await this.#beat();
    this.#timer ??= setInterval(() => {
      // One that is missed does no harm.
      this.#beating = this.#beat().catch(() => {});
    }, BEAT_MS);
  }

  async endings(): Promise<readonly Job[]> {
    const { client, clock } = this.#options;
    const heard = await this.#whereHeard();
    const rows = await client.rows("read endings", sql.ENDINGS, [clock(), heard, PAGE]);
    const ended = rows.filter(({ seq }) => seq !== null);
    const fresh = ended.filter(({ seq }) => !this.#read.has(Number(seq)));
    this.#heard = ended.length < PAGE ? String(rows[0]?.["oldest"] ?? heard) : xidOf(ended.at(-1));
    const from = BigInt(this.#heard);
    this.#read = new Set(
      ended.filter((row) => BigInt(xidOf(row)) >= from).map(({ seq }) => Number(seq)),
    );
    return fresh.map(readJob);
  }

  async cancelled(): Promise<readonly string[]> {
    const { client, worker } = this.#options;
    const rows = await client.rows("look for wishes to cancel", sql.CANCELLING, [worker]);
    return rows.map(({ id }) => idOf(id as Uint8Array));
  }

  /** Ends its signs of life. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  async #beat(): Promise<void> {
    const { client, worker, clock } = this.#options;
    const heard = await this.#whereHeard();
    await client.rows("tell that a worker lives", sql.BEAT, [
      clock(),
      worker,
      heard,
      this.#servers,
    ]);
  }

  async #whereHeard(): Promise<string> {
    const { client, worker } = this.#options;
    if (this.#heard !== undefined) return this.#heard;
    const row = await client.row("read endings", sql.HEARD, [worker]);
    return this.#heard ??= String(row?.["heard"]);
  }
}

function xidOf(row: StoredRow | undefined): string {
  return String(row?.["xid"]);
}

/** Stores submissions: those that come while others are being stored go together, in their order. */

import { JobError } from "../../errors.ts";
import { encodeRequest } from "../../protocol/encode.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { deadlineInMs, drawSeed, recognise } from "../acceptance.ts";
import type { Job } from "../job.ts";
import type { EnqueueResult } from "../job_queue.ts";
import { newJob } from "../row.ts";
import type { PostgresClient, StoredRow } from "./client.ts";
import { Front } from "./front.ts";
import { idBytes, plainText } from "./id.ts";
import { readJob } from "./row.ts";
import * as sql from "./statements.ts";

/** Jobs stored at once, and their bytes, so that nobody waits long for the others. */
const MOST_TOGETHER = { jobs: 256, bytes: 4_000_000 };

/** Waiting jobs that are counted each time. Of more, the number is up to a second old. */
const COUNTED = 1_000;
const COUNT_AGAIN_MS = 1_000;

interface Submission {
  readonly request: GenerateRequest;
  readonly workflow: string | undefined;
  readonly seed: number;
  readonly id: Uint8Array;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly settle: PromiseWithResolvers<EnqueueResult>;
}

/** What an acceptor works with. */
export interface AcceptorOptions {
  /** Where jobs are stored. */
  readonly client: PostgresClient;
  /** Most jobs that may wait. */
  readonly maxQueued: number;
  /** The time, or null for the database's own. */
  readonly clock: () => number | null;
  /** True if that time never leaves any out. */
  readonly isSteady: boolean;
  /** Called when jobs were stored. */
  readonly onStored: () => void;
}

/** Stores submissions. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  /** From where those that wait are counted. */
  readonly #front: Front;
  #waiting: Submission[] = [];
  #storing: Promise<void> | undefined;
  /** How many jobs wait, if they are too many to be counted each time. */
  #line: { n: number; countedAtMs: number } | undefined;

  /** Begins with nothing to store. */
  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#front = new Front(options);
  }

  /** Stores a request, or recognises it. */
  accept(request: GenerateRequest, workflow: string | undefined): Promise<EnqueueResult> {
    const id = idBytes(request.id);
    const submission: Submission = {
      request,
      workflow,
      seed: request.seed ?? drawSeed(),
      id,
      key: id.toHex(),
      bytes: encodeRequest(request),
      settle: Promise.withResolvers(),
    };
    this.#waiting.push(submission);
    this.#storing ??= this.#storeAll();
    return submission.settle.promise;
  }

  async #storeAll(): Promise<void> {
    // What comes in the same turn goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#store(group);
      } catch (error) {
        await this.#alone(group, error);
      }
    }
    this.#storing = undefined;
  }

  #take(): Submission[] {
    let bytes = 0;
    const end = this.#waiting.findIndex((submission, index) => {
      bytes += submission.bytes.length;
      return index > 0 && (index >= MOST_TOGETHER.jobs || bytes > MOST_TOGETHER.bytes);
    });
    return this.#waiting.splice(0, end < 0 ? Infinity : end);
  }

  /** Whose fault it was shows when each is alone; if the database is away, it is nobody's. */
  async #alone(group: readonly Submission[], error: unknown): Promise<void> {
    const isAway = error instanceof JobError && error.isPassing;
    if (group.length === 1 || isAway) {
      for (const { settle } of group) settle.reject(error);
      return;
    }
    for (const submission of group) {
      await this.#store([submission]).catch((own) => submission.settle.reject(own));
    }
  }

  async #store(group: readonly Submission[]): Promise<void> {
    const { client, maxQueued, clock, onStored } = this.#options;
    const known = await this.#known();
    const beganAtMs = performance.now();
    const from = this.#front.from(beganAtMs);
    const rows = await client.rows("store the job", sql.INSERT, [
      clock(),
      known ?? null,
      Math.min(COUNTED + 1, maxQueued),
      maxQueued,
      group.map(({ id }) => id),
      group.map(({ bytes }) => bytes),
      group.map(({ request }) => request.priority ?? 0),
      group.map(({ workflow }) => workflow === undefined ? null : plainText(workflow)),
      group.map(({ seed }) => seed),
      group.map(({ request }) => deadlineInMs(request) ?? null),
      from,
    ]);
    if (known === undefined) this.#noteFront(from, beganAtMs, rows[0]);
    if (group.some(({ request }) => (request.priority ?? 0) > 0)) this.#front.reset();
    const stored = rows.filter(({ seq }) => seq !== null);
    this.#note(rows[0], stored.length);
    const others = this.#settleStored(group, stored);
    if (stored.length > 0) onStored();
    if (others.length > 0) await this.#settleOthers(others);
  }

  #noteFront(from: string, beganAtMs: number, row: StoredRow | undefined): void {
    const endedAtMs = performance.now();
    const first = row?.["due"] === null ? undefined : row;
    this.#front.note(from, endedAtMs - beganAtMs, endedAtMs, first);
  }

  async #known(): Promise<number | undefined> {
    if (this.#line === undefined) return undefined;
    if (performance.now() - this.#line.countedAtMs >= COUNT_AGAIN_MS) {
      const row = await this.#options.client.row("count the jobs", sql.COUNT_QUEUED);
      const n = Number(row?.["n"]);
      this.#line = n > COUNTED ? { n, countedAtMs: performance.now() } : undefined;
    }
    return this.#line?.n;
  }

  #note(row: StoredRow | undefined, stored: number): void {
    const n = Number(row?.["n"]) + stored;
    if (this.#line !== undefined) this.#line.n = n;
    // Counted before the next one.
    else if (n > COUNTED) this.#line = { n, countedAtMs: -Infinity };
  }

  /** Returns those that were not stored. */
  #settleStored(group: readonly Submission[], stored: readonly StoredRow[]): Submission[] {
    const rows = new Map(stored.map((row) => [(row["id"] as Uint8Array).toHex(), row]));
    let latest = Number(stored[0]?.["last_due"] ?? -Infinity);
    let before = Number(stored[0]?.["n"] ?? 0);
    const others: Submission[] = [];
    for (const submission of group) {
      const row = rows.get(submission.key);
      if (row === undefined) {
        others.push(submission);
        continue;
      }
      rows.delete(submission.key);
      const due = Number(row["due_ms"]);
      const position = due >= latest ? before : undefined;
      latest = Math.max(latest, due);
      before += 1;
      this.#tell(submission, row, position);
    }
    return others;
  }

  #tell(submission: Submission, row: StoredRow, position: number | undefined): void {
    const { request, workflow, seed, settle, id } = submission;
    const job = newJob(request, {
      workflow,
      seed,
      createdAtMs: Number(row["created_at_ms"]),
      deadlineAtMs: row["deadline_at_ms"] === null ? undefined : Number(row["deadline_at_ms"]),
    });
    const accepted = (place: number) => settle.resolve({ type: "accepted", job, position: place });
    if (position !== undefined) return accepted(position);
    // It is stored: that its place cannot be told is no reason to say otherwise.
    this.#options.client.row("find a job's place", sql.POSITION, [id])
      .then((found) => accepted(Number(found?.["n"])), () => accepted(0));
  }

  async #settleOthers(others: readonly Submission[]): Promise<void> {
    const found = await this.#options.client.rows("find jobs", sql.BY_IDS, [
      others.map(({ id }) => id),
    ]);
    const jobs = new Map<string, Job>(
      found.map((row) => [(row["id"] as Uint8Array).toHex(), readJob(row)]),
    );
    for (const { key, request, settle } of others) {
      const job = jobs.get(key);
      settle.resolve(job === undefined ? { type: "full" } : recognise(job, request));
    }
  }
}

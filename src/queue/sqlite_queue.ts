/** The job queue on SQLite; with `database.ts` the only user of `node:sqlite`. */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { JobError } from "../errors.ts";
import type { GenerateRequest } from "../protocol/mod.ts";
import { encodeRequest } from "../protocol/mod.ts";
import { openDatabase } from "./database.ts";
import { sameRequest } from "./job.ts";
import type { Job, JobOutcome, Lease } from "./job.ts";
import type {
  CancelResult,
  ClaimOptions,
  EnqueueResult,
  JobQueue,
  ListOptions,
  QueueCounts,
  ReleaseOptions,
} from "./job_queue.ts";
import { type JobRow, toJob } from "./row.ts";
import * as sql from "./statements.ts";

/** Options of {@linkcode openSqliteQueue}. */
export interface SqliteQueueOptions {
  /** The database file, or `:memory:`. */
  path: string;
  /** Most jobs that may wait; more are refused. @default {1000} */
  maxQueued?: number;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
  /** Source of prompt ids and lease tokens. @default {crypto.randomUUID} */
  randomId?: () => string;
}

/**
 * Opens a queue on a SQLite file, which is created or migrated as needed.
 *
 * @throws {ConfigError} if the file cannot be used; it is never overwritten.
 */
export function openSqliteQueue(options: SqliteQueueOptions): JobQueue {
  return new SqliteQueue(openDatabase(options.path), options);
}

class SqliteQueue implements JobQueue {
  readonly #db: DatabaseSync;
  readonly #maxQueued: number;
  readonly #now: () => number;
  readonly #randomId: () => string;
  readonly #statements = new Map<string, StatementSync>();
  #open = true;

  constructor(db: DatabaseSync, options: SqliteQueueOptions) {
    this.#db = db;
    this.#maxQueued = options.maxQueued ?? 1_000;
    this.#now = options.now ?? Date.now;
    this.#randomId = options.randomId ?? (() => crypto.randomUUID());
  }

  enqueue(request: GenerateRequest, details: { workflow?: string } = {}): Promise<EnqueueResult> {
    return this.#write("store the job", (): EnqueueResult => {
      const known = this.#find(request.id);
      if (known !== undefined) {
        return sameRequest(known.request, request)
          ? { type: "known", job: known }
          : { type: "conflict" };
      }
      if (this.#count("queued") >= this.#maxQueued) return { type: "full" };
      const row = this.#row(sql.INSERT, {
        id: request.id,
        request: encodeRequest(request),
        priority: request.priority ?? 0,
        workflow: details.workflow ?? null,
        seed: request.seed ?? drawSeed(),
        now: this.#now(),
      });
      this.#note(row, undefined, "accepted");
      return { type: "accepted", job: toJob(row) };
    });
  }

  claim({ server, leaseMs }: ClaimOptions): Promise<Lease | undefined> {
    return this.#write("claim a job", () => {
      const now = this.#now();
      const token = this.#randomId();
      const next = this.#optionalRow(sql.NEXT, { server, now });
      if (next === undefined) return undefined;
      const promptId = next.prompt_id ?? this.#randomId();
      const row = this.#row(sql.CLAIM, {
        seq: next.seq,
        server,
        token,
        lease_until: now + leaseMs,
        prompt_id: promptId,
      });
      const resumed = next.prompt_id !== null;
      this.#note(row, "queued", resumed ? `claimed again by ${server}` : `claimed by ${server}`);
      return { job: toJob(row), token, promptId, resumed };
    });
  }

  renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return this.#write("renew a lease", () => {
      const until = this.#now() + leaseMs;
      return this.#run(sql.RENEW, { token: lease.token, lease_until: until }) === 1;
    });
  }

  start(lease: Lease): Promise<boolean> {
    return this.#write("note the start of a job", () => {
      return this.#run(sql.START, { token: lease.token, now: this.#now() }) === 1;
    });
  }

  settle(lease: Lease, outcome: JobOutcome): Promise<Job | undefined> {
    return this.#write("settle a job", () => {
      const row = this.#optionalRow(sql.BY_TOKEN, { token: lease.token });
      if (row === undefined) return undefined;
      const ending: JobOutcome = row.cancel_requested === 1 ? { type: "cancelled" } : outcome;
      return this.#end(row, ending, ending.type === "failed" ? ending.error : ending.type);
    });
  }

  release(lease: Lease, options: ReleaseOptions): Promise<Job | undefined> {
    const { reason, delayMs = 0, keepPrompt, countAttempt = true } = options;
    return this.#write("give a job back", () => {
      const row = this.#optionalRow(sql.BY_TOKEN, { token: lease.token });
      if (row === undefined) return undefined;
      if (row.cancel_requested === 1 && !keepPrompt) {
        return this.#end(row, { type: "cancelled" }, reason);
      }
      const released = this.#row(sql.RELEASE, {
        seq: row.seq,
        not_before: this.#now() + delayMs,
        keep_prompt: keepPrompt ? 1 : 0,
        uncount: countAttempt ? 0 : 1,
      });
      this.#note(released, "running", reason);
      return toJob(released);
    });
  }

  cancel(id: string): Promise<CancelResult> {
    return this.#write("cancel a job", (): CancelResult => {
      const row = this.#optionalRow(sql.BY_ID, { id });
      if (row === undefined || row.outcome !== null) return { type: "not_found" };
      // A waiting job whose prompt may live on ComfyUI needs an attempt that removes it there.
      if (row.state === "queued" && row.prompt_id === null) {
        return { type: "cancelled", job: this.#end(row, { type: "cancelled" }, "cancelled") };
      }
      const asked = this.#row(sql.ASK_CANCEL, { seq: row.seq });
      if (row.cancel_requested === 0) this.#note(asked, row.state, "cancelling was asked for");
      return { type: "cancelling", job: toJob(asked) };
    });
  }

  reclaim({ all = false }: { all?: boolean } = {}): Promise<number> {
    return this.#write("reclaim jobs", () => {
      const before = all ? Number.MAX_SAFE_INTEGER : this.#now();
      const rows = this.#rows(sql.RECLAIM, { before });
      for (const row of rows) this.#note(row, "running", "its lease ran out");
      return rows.length;
    });
  }

  get(id: string): Promise<Job | undefined> {
    return this.#read(() => this.#find(id));
  }

  position(id: string): Promise<number | undefined> {
    return this.#read(() => {
      const row = this.#optionalRow(sql.BY_ID, { id });
      if (row === undefined || row.state !== "queued") return undefined;
      return Number(
        this.#statement(sql.POSITION).get({ priority: row.priority, seq: row.seq })?.["n"],
      );
    });
  }

  list(
    { state, limit, cursor }: ListOptions,
  ): Promise<{ jobs: readonly Job[]; cursor: string | undefined }> {
    return this.#read(() => {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
      if (!Number.isSafeInteger(before)) {
        throw new JobError("invalid_parameter", "Invalid parameter: cursor: not one of this list");
      }
      const rows = this.#rows(sql.LIST, { before, state: state ?? null, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        jobs: page.map(toJob),
        cursor: rows.length > limit && last !== undefined ? String(last.seq) : undefined,
      };
    });
  }

  counts(): Promise<QueueCounts> {
    return this.#read(() => ({ queued: this.#count("queued"), running: this.#count("running") }));
  }

  nextClaimableAtMs(): Promise<number | undefined> {
    return this.#read(() => {
      const at = this.#statement(sql.NEXT_CLAIMABLE).get()?.["at"];
      return at === null || at === undefined ? undefined : Number(at);
    });
  }

  prune(endedBeforeMs: number, limit: number): Promise<number> {
    return this.#write("remove old jobs", () => {
      return this.#run(sql.PRUNE, { before: endedBeforeMs, limit });
    });
  }

  close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      this.#statements.clear();
      this.#db.close();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #end(row: JobRow, outcome: JobOutcome, reason: string): Job {
    const ended = this.#row(sql.END, {
      seq: row.seq,
      state: outcome.type,
      outcome: JSON.stringify(outcome),
      now: this.#now(),
    });
    this.#note(ended, row.state, reason);
    return toJob(ended);
  }

  #note(row: JobRow, from: string | undefined, reason: string): void {
    this.#run(sql.NOTE, {
      seq: row.seq,
      now: this.#now(),
      from: from ?? null,
      to: row.state,
      attempt: row.attempts,
      reason,
    });
  }

  #find(id: string): Job | undefined {
    const row = this.#optionalRow(sql.BY_ID, { id });
    return row === undefined ? undefined : toJob(row);
  }

  #count(state: "queued" | "running"): number {
    return Number(this.#statement(sql.COUNT).get({ state })?.["n"]);
  }

  /** The closure is synchronous so that nothing can slip between BEGIN and COMMIT. */
  #write<T>(action: string, operation: () => T): Promise<T> {
    return this.#guard(action, () => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        const result = operation();
        this.#db.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #read<T>(operation: () => T): Promise<T> {
    return this.#guard("read the queue", operation);
  }

  #guard<T>(action: string, operation: () => T): Promise<T> {
    return Promise.try(() => {
      if (!this.#open) throw new JobError("unavailable", `Cannot ${action}: the queue is closed`);
      try {
        return operation();
      } catch (error) {
        if (error instanceof JobError || !isSqliteError(error)) throw error;
        throw new JobError("unavailable", `Cannot ${action}: ${error.message}`, { cause: error });
      }
    });
  }

  #row(text: string, values: Record<string, SQLInputValue>): JobRow {
    const row = this.#optionalRow(text, values);
    if (row === undefined) throw new Error("A job vanished within a transaction");
    return row;
  }

  #optionalRow(text: string, values: Record<string, SQLInputValue>): JobRow | undefined {
    return this.#statement(text).get(values) as JobRow | undefined;
  }

  #rows(text: string, values: Record<string, SQLInputValue>): JobRow[] {
    return this.#statement(text).all(values) as unknown as JobRow[];
  }

  #run(text: string, values: Record<string, SQLInputValue>): number {
    return Number(this.#statement(text).run(values).changes);
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** Up to 2^53 − 1: ComfyUI takes more, but JavaScript and JSON would round it. */
function drawSeed(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1f_ffff) * 0x1_0000_0000 + low;
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

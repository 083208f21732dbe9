/** The job queue on SQLite. */

import type { GenerateRequest, JobState } from "../../protocol/mod.ts";
import { encodeRequest } from "../../protocol/encode.ts";
import { openDatabase } from "./database.ts";
import type { MeasuredRun } from "../../node_times.ts";
import {
  AGE_PER_PRIORITY_MS,
  deadlineInMs,
  drawSeed,
  MAX_PAUSE_MS,
  recognise,
} from "../acceptance.ts";
import { isTerminal } from "../job.ts";
import type { Job, JobOutcome, Lease } from "../job.ts";
import type {
  AbandonOptions,
  CancelResult,
  ClaimAllOptions,
  EnqueueDetails,
  EnqueueResult,
  JobQueue,
  JobsPage,
  ListOptions,
  QueueCounts,
  QueueOptions,
  ReleaseOptions,
} from "../job_queue.ts";
import { readCursor } from "../cursor.ts";
import { JobCounts } from "./counts.ts";
import { watchFile } from "./file_watch.ts";
import { SqliteCopies } from "./copies.ts";
import { LeftPrompts } from "./left_prompts.ts";
import { pageRows } from "./listing.ts";
import { positionsOf } from "./positions.ts";
import { damageError, type JobRow, nameOf, newJob, toJob, toKnownJob, toLease } from "../row.ts";
import { IS_OLD, PRUNE_DELIVERIES, SqliteOutbox } from "./outbox.ts";
import { keepTimes, readTimes } from "./run_times.ts";
import * as sql from "./statements.ts";
import { SqliteStore } from "./store.ts";
import { type Placed, Turns } from "./turns.ts";

/** Options of {@linkcode openSqliteQueue}. */
export interface SqliteQueueOptions extends QueueOptions {
  /** The database file, or `:memory:`. */
  path: string;
  /** Clock, Unix milliseconds. @default {Date.now} */
  now?: () => number;
}

/**
 * Opens a queue on a SQLite file, which is created or migrated as needed.
 *
 * @throws {ConfigError} if the file cannot be used; it is never overwritten.
 */
export function openSqliteQueue(options: SqliteQueueOptions): JobQueue {
  const database = openDatabase(options.path);
  return new SqliteQueue(new SqliteStore(database, watchFile(options.path)), options);
}

class SqliteQueue implements JobQueue {
  readonly outbox: SqliteOutbox;
  readonly copies: SqliteCopies;
  readonly #store: SqliteStore;
  readonly #maxQueued: number;
  readonly #now: () => number;
  readonly #randomId: () => string;
  readonly #counts: JobCounts;
  readonly #turns: Turns;
  readonly #left: LeftPrompts;
  /** Jobs that were ended because their rows are damaged, until `expire()` tells of them. */
  readonly #setAside: Job[] = [];

  constructor(store: SqliteStore, options: SqliteQueueOptions) {
    this.#store = store;
    this.#counts = new JobCounts(store);
    this.#turns = new Turns(store, this.#counts);
    this.#left = new LeftPrompts(store, (row, reason) => this.#note(row, "queued", reason));
    this.#maxQueued = options.maxQueued ?? 1_000;
    this.#now = options.now ?? Date.now;
    this.#randomId = options.randomId ?? (() => crypto.randomUUID());
    this.outbox = new SqliteOutbox(store, this.#now);
    this.copies = new SqliteCopies(store);
  }

  enqueue(request: GenerateRequest, details: EnqueueDetails = {}): Promise<EnqueueResult> {
    const store = () => this.#accept(request, details.workflow);
    const { more = false } = details;
    return this.#store.writeTogether("store the job", store, { more, isPromise: true });
  }

  async claimAll(options: ClaimAllOptions): Promise<readonly Lease[]> {
    const { leases, damaged } = await this.#store.writeTogether("claim jobs", () => {
      const found = this.#turns.find(options, this.#now());
      const damaged = found.damaged.map(([row, damage]) => this.#setAsideDamaged(row, damage));
      return { leases: found.placed.map((one) => this.#lend(one, options)), damaged };
    }, { more: false });
    this.#setAside.push(...damaged);
    return leases;
  }

  renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return this.#store.writeLazily("renew a lease", () => {
      const until = this.#now() + leaseMs;
      return this.#store.run(sql.RENEW, { token: lease.token, lease_until: until }) === 1;
    });
  }

  start(lease: Lease): Promise<boolean> {
    // A power cut that this is lost by has taken down what was started.
    return this.#store.writeLazily("note the start of a job", () => {
      const [row] = this.#store.storedRows(sql.STARTED_AT, [lease.token]);
      if (row === undefined) return false;
      this.#store.run(sql.START, [this.#now(), lease.token]);
      return row["started_at_ms"] === null;
    });
  }

  settle(lease: Lease, outcome: JobOutcome, { more = false } = {}): Promise<Job | undefined> {
    return this.#store.writeTogether("settle a job", () => {
      const row = this.#store.optionalRow(sql.TO_SETTLE, [lease.token]);
      if (row === undefined) return undefined;
      const ending: JobOutcome = row.cancel_requested === 1 ? { type: "cancelled" } : outcome;
      return this.#end(row, ending, { request: lease.job.request });
      // Who is to claim may have to be woken first.
    }, { more, turns: 2 });
  }

  release(lease: Lease, options: ReleaseOptions): Promise<Job | undefined> {
    const { reason, delayMs = 0, keepPrompt, countAttempt = true, avoidServer = false } = options;
    return this.#store.write("give a job back", () => {
      const row = this.#store.optionalRow(sql.BY_TOKEN, { token: lease.token });
      if (row === undefined) return undefined;
      if (row.cancel_requested === 1 && !keepPrompt) {
        return this.#end(row, { type: "cancelled" }, { reason });
      }
      const released = this.#store.row(sql.RELEASE, {
        seq: row.seq,
        not_before: this.#now() + delayMs,
        keep_prompt: keepPrompt ? 1 : 0,
        uncount: countAttempt ? 0 : 1,
        avoid_server: avoidServer ? row.server : null,
      });
      this.#note(released, "running", reason);
      return toJob(released);
    });
  }

  noteCrash(lease: Lease): Promise<number | undefined> {
    return this.#store.write("note a crash", () => {
      const row = this.#store.optionalRow(sql.CRASH, { token: lease.token });
      if (row !== undefined) this.#note(row, "running", `${row.server} went down while running it`);
      return row?.crashes;
    });
  }

  async expire(): Promise<readonly Job[]> {
    const values = { now: this.#now() };
    const condition = { finds: sql.EXPIRED, values, otherwise: [] as readonly Job[] };
    const late = await this.#store.writeIf("give up jobs that are too late", condition, () => {
      const error = "Deadline passed before the job could run";
      return this.#store.rows(sql.EXPIRED, values)
        .map((row) => this.#end(row, { type: "failed", error }));
    });
    return [...this.#setAside.splice(0), ...late];
  }

  cancel(id: string): Promise<CancelResult> {
    return this.#store.write("cancel a job", (): CancelResult => {
      const row = this.#store.optionalRow(sql.BY_ID, { id });
      if (row === undefined || row.outcome !== null || isTerminal(row.state)) {
        return { type: "not_found" };
      }
      // A waiting job whose prompt may live on ComfyUI needs an attempt that removes it there.
      if (row.state === "queued" && row.prompt_id === null) {
        return { type: "cancelled", job: this.#end(row, { type: "cancelled" }) };
      }
      const asked = this.#store.row(sql.ASK_CANCEL, { seq: row.seq });
      if (row.cancel_requested === 0) this.#note(asked, row.state, "cancelling was asked for");
      return { type: "cancelling", job: toJob(asked) };
    });
  }

  reclaim({ all = false }: { all?: boolean } = {}): Promise<number> {
    const before = all ? sql.MOST_INTEGER : this.#now() - 1;
    const condition = { finds: sql.RAN_OUT, values: { before }, otherwise: 0 };
    return this.#store.writeIf("reclaim jobs", condition, () => {
      const rows = this.#store.rows(sql.RECLAIM, { before });
      for (const row of rows) this.#note(row, "running", "its lease ran out");
      return rows.length;
    });
  }

  abandonPrompts({ exceptOn, fits = () => true }: AbandonOptions): Promise<number> {
    return this.#store.write("give up prompts", () => this.#left.giveUp(exceptOn, fits));
  }

  welcomeBack(server: string): Promise<readonly string[]> {
    const condition = { finds: sql.LEFT, values: { server }, otherwise: [] as readonly string[] };
    return this.#store.writeIf("welcome a server", condition, () => this.#left.welcome(server));
  }

  forgetPrompts(server: string, promptIds: readonly string[]): Promise<void> {
    return this.#store.write("forget prompts", () => this.#left.forget(server, promptIds));
  }

  get(id: string): Promise<Job | undefined> {
    return this.#store.read(() => this.#find(id));
  }

  position(id: string): Promise<number | undefined> {
    return this.#store.read(() => {
      const row = this.#store.optionalRow(sql.BY_ID, { id });
      if (row === undefined || row.state !== "queued") return undefined;
      return this.#turns.place(row.due_ms, row.seq);
    });
  }

  positions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return positionsOf(this.#store, ids, () => ({
      waiting: this.#counts.of("queued"),
      place: (due, seq) => this.#turns.place(due, seq),
    }));
  }

  list({ state, limit, cursor }: ListOptions): Promise<JobsPage> {
    return this.#store.read(() => {
      const before = readCursor(cursor);
      const rows = pageRows(this.#store, this.#counts, { state, before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const readable = page.filter((row) => row.id !== "");
      return {
        jobs: readable.map(toJob),
        cursors: readable.map(({ seq }) => String(seq)),
        cursor: rows.length > limit && last !== undefined ? String(last.seq) : undefined,
      };
    });
  }

  counts({ oldest = false }: { oldest?: boolean } = {}): Promise<QueueCounts> {
    return this.#store.read(() => ({
      queued: this.#counts.of("queued"),
      running: this.#counts.of("running"),
      ...(oldest ? { oldestQueuedAtMs: this.#store.number(sql.OLDEST_QUEUED) } : {}),
    }));
  }

  nextClaimableAtMs(): Promise<number | undefined> {
    return this.#store.read(() => {
      return this.#store.number(sql.NEXT_CLAIMABLE, { horizon: this.#now() + MAX_PAUSE_MS });
    });
  }

  nextDeadlineAtMs(): Promise<number | undefined> {
    return this.#store.read(() => this.#store.number(sql.NEXT_DEADLINE));
  }

  unannounced(limit: number): Promise<readonly Job[]> {
    return this.#store.read(() => {
      const rows = this.#store.rows(sql.UNANNOUNCED, { limit });
      const seqs = rows.filter((row) => toJob(row).damage !== undefined).map(({ seq }) => seq);
      // By its name it might not be found, and would be told at each start.
      const values = { seqs: JSON.stringify(seqs) };
      if (seqs.length > 0) this.#markSoon(sql.ANNOUNCED_ROWS, values).catch(() => {});
      return rows.map(toJob);
    });
  }

  markAnnounced(id: string): Promise<void> {
    return this.#markSoon(sql.ANNOUNCED, { id });
  }

  clientIdOn(server: string): Promise<string | undefined> {
    const find = () => this.#store.optionalRow(sql.CLIENT_ID, { server })?.client_id;
    return this.#store.read(() => nameOf(find() ?? null));
  }

  noteTimes(run: MeasuredRun): Promise<void> {
    // What is lost is measured again.
    return this.#store.writeSoon("keep the times of a run", () => keepTimes(this.#store, run));
  }

  measuredRuns(): Promise<readonly MeasuredRun[]> {
    return this.#store.read(() => readTimes(this.#store));
  }

  endedBefore(before: number, limit: number): Promise<readonly Job[]> {
    return this.#store.read(() => this.#store.rows(sql.ENDED_BEFORE, { before, limit }).map(toJob));
  }

  prune(endedBeforeMs: number, limit: number): Promise<number> {
    const values = { before: endedBeforeMs };
    return this.#store.writeIf("remove old jobs", { finds: IS_OLD, values, otherwise: 0 }, () => {
      this.#store.run(PRUNE_DELIVERIES, { ...values, limit: 2 * limit });
      return this.#store.run(sql.PRUNE, { ...values, limit });
    });
  }

  close(): Promise<void> {
    this.#store.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(request: GenerateRequest, workflow: string | undefined): EnqueueResult {
    const waiting = this.#counts.of("queued");
    if (waiting >= this.#maxQueued) {
      const known = this.#find(request.id);
      return known === undefined ? { type: "full" } : recognise(known, request);
    }
    const { priority = 0, seed = drawSeed() } = request;
    const now = this.#now();
    const due = now - priority * AGE_PER_PRIORITY_MS;
    const patience = deadlineInMs(request);
    const deadline = patience === undefined ? undefined : Math.round(now + patience);
    const seq = this.#store.insert(
      sql.INSERT,
      request.id,
      encodeRequest(request),
      priority,
      workflow ?? null,
      seed,
      now,
      due,
      deadline ?? null,
    );
    if (seq === undefined) {
      return recognise(toJob(this.#store.row(sql.BY_ID, { id: request.id })), request);
    }
    const isLast = this.#counts.add(due);
    return {
      type: "accepted",
      job: newJob(request, { workflow, seed, createdAtMs: now, deadlineAtMs: deadline }),
      position: isLast ? waiting : this.#turns.place(due, seq),
    };
  }

  /** Untold by a death in between, it is told again. */
  #markSoon(text: string, values: Record<string, string>): Promise<void> {
    return this.#store.writeSoon("mark jobs as told", () => void this.#store.run(text, values));
  }

  /** Gives a waiting job to a server. */
  #lend([next, server, { request }]: Placed, { servers, leaseMs }: ClaimAllOptions): Lease {
    const resumed = next.prompt_id !== null;
    const token = this.#randomId();
    const attempts = next.attempts + 1;
    const prompt_id = next.prompt_id ?? this.#randomId();
    // A prompt that was posted before sends its events where it was told to.
    const client_id = resumed ? next.client_id : servers.get(server)!;
    const prompt_started = resumed ? next.prompt_started : 0;
    const until = this.#now() + leaseMs;
    const values = [attempts, server, token, until, prompt_id, client_id, prompt_started, next.seq];
    this.#store.run(sql.CLAIM, values);
    const changed = { attempts, server, prompt_id, client_id, prompt_started };
    const row: JobRow = { ...next, ...changed, state: "running" };
    this.#note(row, "queued", resumed ? `claimed again by ${server}` : `claimed by ${server}`);
    return toLease(row, token, resumed, request);
  }

  /** Ends a waiting job that cannot be run, whatever else its row says. */
  #setAsideDamaged(row: JobRow, damage: string): Job {
    return this.#end(row, { type: "failed", error: damageError(damage) });
  }

  #end(
    row: Pick<JobRow, "seq" | "state" | "outcome">,
    outcome: JobOutcome,
    { reason, request }: { reason?: string; request?: GenerateRequest } = {},
  ): Job {
    if (row.outcome !== null) this.#store.run(sql.CLEAR_OUTCOME, { seq: row.seq });
    const values = [outcome.type, JSON.stringify(outcome), this.#now(), row.seq];
    const ended = this.#store.row(sql.END, values);
    const why = outcome.type === "failed" ? outcome.error : outcome.type;
    this.#note(ended, row.state, reason ?? why);
    return toKnownJob(ended, request);
  }

  /** Writes down a step of a job: that it was moved, or what happened to it where it is. */
  #note(row: JobRow, from: JobState, reason: string): void {
    this.#counts.move(from, row.state);
    const now = this.#now();
    this.#store.insert(sql.NOTE, row.seq, now, from, row.state, row.attempts, reason);
  }

  #find(id: string): Job | undefined {
    const row = this.#store.optionalRow(sql.BY_ID, { id });
    return row === undefined ? undefined : toJob(row);
  }
}

/** The job queue on PostgreSQL, which many workers may share. */

import { ConfigError, JobError } from "../../errors.ts";
import type { MeasuredRun } from "../../node_times.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
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
  SharedQueue,
} from "../job_queue.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../job_queue.ts";
import { damageError, nameOf } from "../row.ts";
import { readCursor } from "../cursor.ts";
import { Acceptor } from "./acceptor.ts";
import { type PostgresAddress, readPostgresUrl } from "./address.ts";
import { PostgresClient, type StoredRow, type Value } from "./client.ts";
import { PostgresCopies } from "./copies.ts";
import { idBytes, idOf, plainText } from "./id.ts";
import { Front, WHOLE } from "./front.ts";
import { Identity } from "./identity.ts";
import { migrate } from "./migrations/mod.ts";
import { Others } from "./others.ts";
import { PostgresOutbox, PRUNE_DELIVERIES } from "./outbox.ts";
import { readJob, readLease } from "./row.ts";
import { kindOf, readTimes } from "./run_times.ts";
import * as sql from "./statements.ts";
import { findNext, MOST_SPREAD } from "./turns.ts";

/** Options of {@linkcode openPostgresQueue}. */
export interface PostgresQueueOptions extends QueueOptions {
  /** `postgres://user:password@host:port/database`, with `?schema=` and `&sslmode=` if need be. */
  url: string;
  /** Name of this worker, unique in the queue. */
  worker: string;
  /** Clock, Unix milliseconds. @default the database's, the same for all workers */
  now?: () => number;
}

/** A server of a worker that was not heard of for so long, in milliseconds, is nobody's. */
const SILENT_MS = 30_000;

/**
 * Opens a queue on PostgreSQL 13 or later. The schema is created or migrated as needed.
 *
 * @throws {ConfigError} `invalid_value` for a URL that is none, `unreadable` for a schema of a newer version,
 *   `in_use` if another worker has the name, `unwritable` if the database cannot be reached or written.
 */
export async function openPostgresQueue(options: PostgresQueueOptions): Promise<JobQueue> {
  const address = readPostgresUrl(options.url);
  const client = new PostgresClient(address, { name: `dgx-pixels ${options.worker}` });
  try {
    await migrate(client, address.schema);
    return await PostgresQueue.open(client, address, options);
  } catch (error) {
    await client.close();
    if (!(error instanceof JobError)) throw error;
    const why = error.message.replace(/^Backend busy: /, "");
    throw new ConfigError("unwritable", `Cannot open the queue: ${why}`, { cause: error });
  }
}

class PostgresQueue implements JobQueue {
  readonly outbox: PostgresOutbox;
  readonly copies: PostgresCopies;
  readonly #client: PostgresClient;
  readonly #worker: string;
  readonly #clock: () => number | null;
  readonly #randomId: () => string;
  readonly #acceptor: Acceptor;
  readonly #others: Others;
  readonly #identity: Identity;
  readonly #front: Front;
  /** Jobs that were ended because their rows are damaged, until `expire()` tells of them. */
  readonly #setAside: Job[] = [];
  /** Of so many jobs one is looked at. */
  #spread = 1;
  #closed: Promise<void> | undefined;

  constructor(
    client: PostgresClient,
    others: Others,
    identity: Identity,
    { worker, now, randomId, maxQueued = 1_000 }: PostgresQueueOptions,
  ) {
    this.#client = client;
    this.#others = others;
    this.#identity = identity;
    this.#worker = worker;
    this.#clock = now ?? (() => null);
    // A clock that is set by others may leave out any time.
    this.#front = new Front({ isSteady: now === undefined });
    this.outbox = new PostgresOutbox(client, this.#clock);
    this.copies = new PostgresCopies(client);
    this.#randomId = randomId ?? (() => crypto.randomUUID());
    this.#acceptor = new Acceptor({
      client,
      maxQueued,
      clock: this.#clock,
      isSteady: now === undefined,
      onStored: () => identity.wakeOthers(),
    });
  }

  static async open(
    client: PostgresClient,
    address: PostgresAddress,
    options: PostgresQueueOptions,
  ): Promise<PostgresQueue> {
    const { worker, now } = options;
    const wake = () => identity.wakeOthers();
    const others = new Others({ client, worker, clock: now ?? (() => null), wake });
    const identity: Identity = await Identity.take({ address, client, name: worker, others });
    return new PostgresQueue(client, others, identity, options);
  }

  get shared(): SharedQueue {
    return this.#others;
  }

  async enqueue(request: GenerateRequest, details: EnqueueDetails = {}): Promise<EnqueueResult> {
    const result = await this.#acceptor.accept(request, details.workflow);
    if ((request.priority ?? 0) > 0) this.#front.reset();
    return result;
  }

  async claimAll(options: ClaimAllOptions): Promise<readonly Lease[]> {
    this.#identity.check();
    const { servers, limit, leaseMs } = options;
    const look = (values: readonly Value[]) =>
      this.#client.rows("look for jobs", sql.NEXT, [
        this.#clock(),
        [...servers.keys()],
        ...values,
      ]);
    for (;;) {
      const beganAtMs = performance.now();
      const from = this.#front.from(beganAtMs);
      const spread = from === WHOLE ? 1 : this.#spread;
      const { candidates, taken, damaged, first } = await findNext(look, options, { from, spread });
      const endedAtMs = performance.now();
      this.#front.note(from, endedAtMs - beganAtMs, endedAtMs, spread === 1 ? first : undefined);
      for (const row of damaged) await this.#setAsideDamaged(row);
      if (candidates.length === 0 && spread === 1) return [];
      if (candidates.length === 0) {
        this.#spread = 1;
        continue;
      }
      const rows = await this.#client.rows("claim jobs", sql.CLAIM, [
        this.#clock(),
        this.#worker,
        leaseMs,
        limit,
        candidates.map(({ seq }) => seq),
        candidates.map(({ server }) => server),
        candidates.map(({ server }) => servers.get(server)!),
        candidates.map(() => this.#randomId()),
        candidates.map(() => this.#randomId()),
        candidates.map(({ server }) => taken.get(server)!.length),
      ]);
      const isShort = rows.length < Math.min(limit, candidates.length);
      this.#spread = isShort
        ? Math.min(2 * this.#spread, MOST_SPREAD)
        : Math.max(1, this.#spread / 2);
      if (rows.length === 0) continue;
      if (isShort || spread > 1) options.onMissed?.();
      return rows.map(readLease);
    }
  }

  async renew({ token }: Lease, leaseMs: number): Promise<boolean> {
    const values = [this.#clock(), token, leaseMs];
    return await this.#client.row("renew a lease", sql.RENEW, values) !== undefined;
  }

  async start({ token }: Lease): Promise<boolean> {
    const row = await this.#client.row("note the start of a job", sql.START, [
      this.#clock(),
      token,
    ]);
    return row?.["is_first"] === true;
  }

  async settle({ token }: Lease, outcome: JobOutcome): Promise<Job | undefined> {
    return await this.#change("settle a job", sql.SETTLE, [
      this.#clock(),
      token,
      outcome.type,
      JSON.stringify(outcome),
      outcome.type === "failed" ? plainText(outcome.error) : outcome.type,
    ]);
  }

  async release({ token }: Lease, options: ReleaseOptions): Promise<Job | undefined> {
    const { reason, delayMs = 0, keepPrompt, countAttempt = true, avoidServer = false } = options;
    const job = await this.#change("give a job back", sql.RELEASE, [
      this.#clock(),
      token,
      Math.round(delayMs),
      keepPrompt,
      countAttempt ? 0 : 1,
      avoidServer,
      plainText(reason),
    ]);
    this.#front.reset();
    return job;
  }

  async noteCrash({ token }: Lease): Promise<number | undefined> {
    const row = await this.#client.row("note a crash", sql.CRASH, [this.#clock(), token]);
    return row === undefined ? undefined : Number(row["crashes"]);
  }

  async expire(): Promise<readonly Job[]> {
    const error = "Deadline passed before the job could run";
    const outcome = JSON.stringify({ type: "failed", error });
    const late = await this.#client.rows("give up jobs that are too late", sql.EXPIRE, [
      this.#clock(),
      outcome,
      error,
    ]);
    if (late.length > 0) this.#identity.wakeOthers();
    return [...this.#setAside.splice(0), ...late.map(readJob)];
  }

  async cancel(id: string): Promise<CancelResult> {
    const values = [this.#clock(), idBytes(id)];
    const job = await this.#change("cancel a job", sql.CANCEL, values);
    if (job === undefined) return { type: "not_found" };
    return { type: job.state === "cancelled" ? "cancelled" : "cancelling", job };
  }

  async reclaim({ all = false }: { all?: boolean } = {}): Promise<number> {
    const values = [this.#clock(), all ? this.#worker : null];
    const { length } = await this.#client.rows("reclaim jobs", sql.RECLAIM, values);
    if (length > 0) this.#front.reset();
    return length;
  }

  async abandonPrompts({ exceptOn, fits = () => true }: AbandonOptions): Promise<number> {
    const prompted = await this.#client.rows("look for prompts", sql.PROMPTED, [
      this.#clock(),
      [...exceptOn],
      SILENT_MS,
      this.#worker,
    ]);
    const seqs = prompted.filter((row) => {
      const job = readJob(row);
      return job.damage !== undefined || fits(job);
    }).map(({ seq }) => Number(seq));
    if (seqs.length === 0) return 0;
    const rows = await this.#client.rows("give up prompts", sql.ABANDON, [this.#clock(), seqs]);
    this.#front.reset();
    return rows.length;
  }

  async welcomeBack(server: string): Promise<readonly string[]> {
    const values = [this.#clock(), server];
    const rows = await this.#client.rows("welcome a server", sql.WELCOME, values);
    return rows.map((row) => String(row["prompt_id"]));
  }

  async forgetPrompts(server: string, promptIds: readonly string[]): Promise<void> {
    await this.#client.rows("forget prompts", sql.FORGET, [server, [...promptIds]]);
  }

  async get(id: string): Promise<Job | undefined> {
    const row = await this.#client.row("read the queue", sql.BY_ID, [idBytes(id)]);
    return row === undefined ? undefined : readJob(row);
  }

  async position(id: string): Promise<number | undefined> {
    return await this.#number(sql.POSITION, [idBytes(id)]);
  }

  async positions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (ids.length === 0) return new Map();
    const values = [ids.map(idBytes)];
    const rows = await this.#client.rows("read the queue", sql.POSITIONS, values);
    return new Map(rows.map(({ id, n }) => [idOf(id as Uint8Array), Number(n)]));
  }

  async list({ state, limit, cursor }: ListOptions): Promise<JobsPage> {
    const values = [readCursor(cursor), state ?? null, limit + 1];
    const rows = await this.#client.rows("read the queue", sql.LIST, values);
    const page = rows.slice(0, limit);
    const cursors = page.map(({ seq }) => String(seq));
    return {
      jobs: page.map(readJob),
      cursors,
      cursor: rows.length > limit ? cursors.at(-1) : undefined,
    };
  }

  async counts({ oldest = false }: { oldest?: boolean } = {}): Promise<QueueCounts> {
    const row = await this.#client.row("read the queue", sql.COUNTS);
    const counts = { queued: Number(row?.["queued"]), running: Number(row?.["running"]) };
    return oldest ? { ...counts, oldestQueuedAtMs: await this.#number(sql.OLDEST) } : counts;
  }

  async nextClaimableAtMs(): Promise<number | undefined> {
    return await this.#number(sql.NEXT_CLAIMABLE, [this.#clock()]);
  }

  async nextDeadlineAtMs(): Promise<number | undefined> {
    return await this.#number(sql.NEXT_DEADLINE);
  }

  async unannounced(limit: number): Promise<readonly Job[]> {
    return (await this.#client.rows("read the queue", sql.UNANNOUNCED, [limit])).map(readJob);
  }

  async markAnnounced(id: string): Promise<void> {
    await this.#client.rows("mark a job as told", sql.ANNOUNCED, [idBytes(id)]);
  }

  async clientIdOn(server: string): Promise<string | undefined> {
    const row = await this.#client.row("read the queue", sql.CLIENT_ID, [server]);
    return row === undefined ? undefined : nameOf(String(row["client_id"]));
  }

  async noteTimes(run: MeasuredRun): Promise<void> {
    await this.#client.rows("keep the times of a run", sql.KEEP_TIMES, [
      kindOf(run),
      JSON.stringify(run),
      RUNS_OF_A_KIND,
      RUNS_IN_ALL,
    ]);
  }

  async measuredRuns(): Promise<readonly MeasuredRun[]> {
    return readTimes(await this.#client.rows("read the queue", sql.ALL_TIMES));
  }

  async endedBefore(endedBeforeMs: number, limit: number): Promise<readonly Job[]> {
    const values = [endedBeforeMs, limit];
    return (await this.#client.rows("read the queue", sql.ENDED_BEFORE, values)).map(readJob);
  }

  async prune(endedBeforeMs: number, limit: number): Promise<number> {
    const values = [endedBeforeMs, 2 * limit];
    await this.#client.rows("remove old deliveries", PRUNE_DELIVERIES, values);
    return (await this.#client.rows("remove old jobs", sql.PRUNE, [endedBeforeMs, limit])).length;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#others.close();
    await this.#identity.close();
    await this.#client.close();
  }

  /** Changes one job, and wakes whoever waits for it. */
  async #change(action: string, text: string, values: readonly Value[]): Promise<Job | undefined> {
    const row = await this.#client.row(action, text, values);
    if (row === undefined) return undefined;
    this.#identity.wakeOthers();
    return readJob(row);
  }

  async #number(text: string, values: readonly Value[] = []): Promise<number | undefined> {
    const n = (await this.#client.row("read the queue", text, values))?.["n"];
    return n === null || n === undefined ? undefined : Number(n);
  }

  /** Ends a waiting job that cannot be run. */
  async #setAsideDamaged(row: StoredRow): Promise<void> {
    const error = damageError(readJob(row).damage!);
    const outcome = JSON.stringify({ type: "failed", error });
    const job = await this.#change("set a job aside", sql.SET_ASIDE, [
      this.#clock(),
      Number(row["seq"]),
      outcome,
      plainText(error),
    ]);
    if (job !== undefined) this.#setAside.push(job);
  }
}

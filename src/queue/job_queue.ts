/**
 * The contract of a job queue. It names no datastore: whatever keeps these promises may stand behind it.
 *
 * @module
 */

import type { MeasuredRun } from "../node_times.ts";
import type { GenerateRequest, JobState } from "../protocol/mod.ts";
import type { CopyNotes } from "./copies.ts";
import type { Ending, Job, JobOutcome, Lease } from "./job.ts";
import type { Outbox } from "./outbox.ts";

/** What became of a submission. */
export type EnqueueResult =
  /** Stored; it will reach exactly one ending. `position` jobs go before it. */
  | { readonly type: "accepted"; readonly job: Job; readonly position: number }
  /** The same request was stored before; nothing new will run. */
  | { readonly type: "known"; readonly job: Job }
  /** The id belongs to a request with other parameters. */
  | { readonly type: "conflict" }
  /** As many jobs wait as may wait. */
  | { readonly type: "full" };

/** What is known of a submission. */
export interface EnqueueDetails {
  /** Workflow chosen for it. */
  workflow?: string;
  /**
   * True if others are about to follow: it is stored with them, no later than in the next turn of the
   * event loop. One that is not told so is stored at once, with all that waited. @default {false}
   */
  more?: boolean;
}

/** What became of a wish to cancel. */
export type CancelResult =
  /** It was waiting and has ended now. */
  | { readonly type: "cancelled"; readonly job: Job }
  /** It runs; its attempt must be stopped, and can only settle as cancelled. */
  | { readonly type: "cancelling"; readonly job: Job }
  /** No such job, or it has ended before. */
  | { readonly type: "not_found" };

/** What to claim jobs for. */
export interface ClaimAllOptions {
  /** Servers that may take some, by name, each with the socket that it will send their events to. */
  servers: ReadonlyMap<string, string>;
  /** Most jobs. */
  limit: number;
  /** How long the leases hold unless they are renewed, in milliseconds. */
  leaseMs: number;
  /**
   * Chooses which of the servers shall run a job; undefined passes it over. Asked in the order of claiming,
   * perhaps for some more jobs than are claimed, and must tell nothing but its choice.
   *
   * @param holder the only server that the job may go to, since its prompt may live there.
   * @param taken the jobs that each server gets before this one.
   */
  place: (
    job: Job,
    holder: string | undefined,
    taken: ReadonlyMap<string, readonly Job[]>,
  ) => string | undefined;
  /** Called if others were faster to take some: there may be more. */
  onMissed?: () => void;
}

/** How a job goes back to the queue. */
export interface ReleaseOptions {
  /** Why, for the job's history. */
  reason: string;
  /** Time before it may be claimed again, in milliseconds. @default {0} */
  delayMs?: number;
  /** True if the prompt may live on ComfyUI and must be looked for before it is posted again. */
  keepPrompt: boolean;
  /** True if it shall rather run on another server. @default {false} */
  avoidServer?: boolean;
  /** False if the attempt shall not count, because it was not the job's fault. @default {true} */
  countAttempt?: boolean;
}

/** Which prompts to give up. */
export interface AbandonOptions {
  /** Names of the servers whose prompts are kept. */
  exceptOn: readonly string[];
  /** Tells whether a job could run elsewhere; the others keep their prompts. @default every job */
  fits?: (job: Job) => boolean;
}

/** A page of jobs. */
export interface ListOptions {
  /** Only jobs in this state. */
  state?: JobState;
  /** Most jobs to return. */
  limit: number;
  /** Where the page before this one ended. */
  cursor?: string;
}

/** Some jobs of a list. */
export interface JobsPage {
  /** The jobs. */
  readonly jobs: readonly Job[];
  /** For each of them where a page would end with it. */
  readonly cursors: readonly string[];
  /** Where this page ended, if there are more. */
  readonly cursor: string | undefined;
}

/** Runs of one kind whose times are kept: enough that a few odd ones do not move their median. */
export const RUNS_OF_A_KIND = 9;

/** Runs whose times are kept in all. */
export const RUNS_IN_ALL = 1_000;

/** What a worker tells the others of one of its servers. */
export interface HeldServer {
  /** Its name. */
  readonly name: string;
  /** Its health; absent while nothing is known. */
  readonly state?: string;
  /** The models in its memory, as one text; undefined if none is known to be. */
  readonly loaded?: string | undefined;
  /** Keys of all models that it can load; undefined if that is not known. */
  readonly models?: ReadonlySet<string> | undefined;
  /** How many more jobs it may take now. */
  readonly room: number;
  /** Jobs under way. */
  readonly active: number;
  /** Time until it has done what it has, in milliseconds. */
  readonly waitMs: number;
  /** How much it does in the same time, compared with others. */
  readonly weight: number;
  /** True while it gets no new jobs. */
  readonly draining: boolean;
}

/** A server of another worker, without its models: {@linkcode SharedQueue.hasModels} tells of those. */
export interface ServerElsewhere extends Omit<HeldServer, "models"> {
  /** Name of the worker that has it. */
  readonly worker: string;
}

/** Another worker, as far as it can be listened to. */
export interface Peer {
  /** Its name. */
  readonly name: string;
  /** Where it publishes updates. */
  readonly updatesAddress: string;
  /** Its public CURVE key, if it asks for keys. */
  readonly publicKey: string | undefined;
}

/** The other workers of a queue. */
export interface Neighbours {
  /** Their servers. */
  readonly servers: readonly ServerElsewhere[];
  /** Those that tell where their updates are. */
  readonly peers: readonly Peer[];
  /** How many they are. */
  readonly workers: number;
}

/** A worker of a shared queue. */
export interface WorkerFacts {
  /** Its name. */
  readonly name: string;
  /** Time since it started, in milliseconds; undefined if it is of an older version. */
  readonly upMs: number | undefined;
  /** Time since it was last heard of, in milliseconds. */
  readonly silentMs: number;
  /** Servers that it has. */
  readonly servers: number;
  /** Jobs that it runs. */
  readonly active: number;
  /** True if it is to take no more jobs. */
  readonly draining: boolean;
}

/** What others have done. */
export interface News {
  /** Jobs that ended, each once; some now, more the next time. */
  readonly endings: readonly Ending[];
  /** True if there are more of them already. */
  readonly hasMore: boolean;
  /** Ids of jobs that run here and somebody wants cancelled. */
  readonly cancelled: readonly string[];
  /** True if jobs wait. */
  readonly hasWork: boolean;
  /** Earliest deadline of a waiting job, Unix milliseconds; undefined if none has one. */
  readonly deadlineAtMs: number | undefined;
  /** True if this worker is to take no more jobs. */
  readonly isDraining: boolean;
}

/** What a queue offers besides that other workers use, too. */
export interface SharedQueue {
  /**
   * Tells the others which servers this worker has, until the queue is closed: while it lives, prompts on them
   * are for it alone. What `look` gives is told again when `touch()` asks for it, and now and then.
   */
  hold(look: () => readonly HeldServer[]): Promise<void>;
  /** Tells the others, from the next time on, where this worker's updates are. */
  publishAt(updatesAddress: string, publicKey: string | undefined): void;
  /** The servers of this worker have changed: the others are told in a moment. */
  touch(): void;
  /** True if a server of another worker, heard of within the last seconds, can load all these. */
  hasModels(keys: readonly string[]): Promise<boolean>;
  /** The other workers that were heard of within the last seconds. */
  meet(): Promise<Neighbours>;
  /** All workers that were heard of within a day, this one too, by name. */
  workers(): Promise<readonly WorkerFacts[]>;
  /**
   * Has a worker take no more jobs, or some again, until it starts anew; false if none of the name lives. It hears of
   * that by `news()`.
   */
  drain(worker: string, draining: boolean): Promise<boolean>;
  /**
   * What has happened since the last time, whoever did it.
   *
   * @param running Ids of the jobs that this worker runs.
   */
  news(running: readonly string[]): Promise<News>;
  /** Registers who is called when something may have changed elsewhere. Not all that changes is told. */
  onChange(listener: () => void): void;
}

/** Numbers of jobs that have not ended. */
export interface QueueCounts {
  /** Waiting. */
  readonly queued: number;
  /** Handed to a server. */
  readonly running: number;
  /**
   * When the oldest of those that wait was accepted, Unix milliseconds, if that was asked for. Of very many
   * only the next thousand are looked at.
   */
  readonly oldestQueuedAtMs?: number | undefined;
}

/** Options of every queue. */
export interface QueueOptions {
  /** Most jobs that may wait; more are refused. @default {1000} */
  maxQueued?: number;
  /** Source of prompt ids and lease tokens. @default {crypto.randomUUID} */
  randomId?: () => string;
}

/**
 * Keeps jobs from acceptance to ending. Each method is one atomic step; when its promise resolves, the
 * change survives the death of the process. Methods that take a lease return false when it was lost,
 * and have then changed nothing.
 */
export interface JobQueue extends AsyncDisposable {
  /** Present if other workers use the queue, too. */
  readonly shared?: SharedQueue;
  /** What others are to be told of jobs; it outlives them. */
  readonly outbox: Outbox;
  /** What runs have stored outside of it. */
  readonly copies: CopyNotes;
  /** Stores a request, or recognises it. */
  enqueue(request: GenerateRequest, details?: EnqueueDetails): Promise<EnqueueResult>;
  /**
   * Hands out the next jobs: by priority, then by age; as many as were found for the servers, as one change.
   * A point of priority counts as much as 30 s of age, so that nothing waits for ever. Some hundreds are
   * passed over at the most.
   */
  claimAll(options: ClaimAllOptions): Promise<readonly Lease[]>;
  /** Prolongs a lease by `leaseMs` from now. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /** Notes that the prompt runs. True only the first time in the job's life. */
  start(lease: Lease): Promise<boolean>;
  /**
   * Ends a job. One whose cancelling was asked for ends as cancelled, whatever the outcome given.
   *
   * @param details With `more` a claim is about to follow: both may be stored together, no later than in
   *   the next turn but one of the event loop.
   * @returns the job as it ended, or undefined if the lease was lost.
   */
  settle(
    lease: Lease,
    outcome: JobOutcome,
    details?: { more?: boolean },
  ): Promise<Job | undefined>;
  /** Gives a job back to be run later. One whose cancelling was asked for ends as cancelled instead. */
  release(lease: Lease, options: ReleaseOptions): Promise<Job | undefined>;
  /**
   * Counts that ComfyUI went down while it ran the prompt, which is then no longer known as started:
   * its fall counts once. Returns how often that happened to the job, undefined without lease.
   */
  noteCrash(lease: Lease): Promise<number | undefined>;
  /** Ends waiting jobs whose deadline has passed; returns some of them, none when there are no more. */
  expire(): Promise<readonly Job[]>;
  /** Asks that a job does not complete. */
  cancel(id: string): Promise<CancelResult>;
  /**
   * Makes jobs whose lease ran out claimable again; returns how many. With `all`, every lease of this worker
   * is void.
   */
  reclaim(options?: { all?: boolean }): Promise<number>;
  /**
   * Gives up finding out what became of the prompts of waiting jobs on any server but these: they are
   * kept in mind only to be seen off, and the jobs may run anywhere. Should such a server only have been
   * out of reach, it may have run, or still run, what then runs again elsewhere.
   *
   * @returns how many jobs that were.
   */
  abandonPrompts(options: AbandonOptions): Promise<number>;
  /**
   * To be told when a server is back: waiting jobs that nobody has taken since get the prompts that were
   * given up there back, as if they never had been.
   *
   * @returns ids of the other prompts that were given up there, until they are forgotten.
   */
  welcomeBack(server: string): Promise<readonly string[]>;
  /** Notes that prompts which were given up are surely no longer on their server. */
  forgetPrompts(server: string, promptIds: readonly string[]): Promise<void>;
  /** One job, or undefined. */
  get(id: string): Promise<Job | undefined>;
  /** Jobs that wait before this one, or undefined if it does not wait. */
  position(id: string): Promise<number | undefined>;
  /**
   * The same of several, by id; those that do not wait are missing. Costs about as much as that of one:
   * whoever has many to ask for asks for them together.
   */
  positions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Jobs, newest first, with the cursor of the next page if there is one. */
  list(options: ListOptions): Promise<JobsPage>;
  /** How many jobs wait and run; with `oldest` also since when. */
  counts(options?: { oldest?: boolean }): Promise<QueueCounts>;
  /** Earliest time at which a waiting job may be claimed, Unix milliseconds, or undefined if none waits. */
  nextClaimableAtMs(): Promise<number | undefined>;
  /** Earliest deadline of a waiting job, Unix milliseconds, or undefined if none has one. */
  nextDeadlineAtMs(): Promise<number | undefined>;
  /** Ended jobs whose ending has not been marked as told, oldest first; such whose record is damaged only once. */
  unannounced(limit: number): Promise<readonly Job[]>;
  /** Marks that the ending of a job was told. */
  markAnnounced(id: string): Promise<void>;
  /** Socket that events of jobs still on a server go to, or undefined if there are none. */
  clientIdOn(server: string): Promise<string | undefined>;
  /**
   * Keeps where the time of a run went: the newest {@linkcode RUNS_OF_A_KIND} of a kind and the newest
   * {@linkcode RUNS_IN_ALL} of all kinds.
   */
  noteTimes(run: MeasuredRun): Promise<void>;
  /** The runs whose times are kept, oldest first. */
  measuredRuns(): Promise<readonly MeasuredRun[]>;
  /** The jobs that `prune()` would remove, without their history. */
  endedBefore(endedBeforeMs: number, limit: number): Promise<readonly Job[]>;
  /** Removes jobs that ended before this time, at most `limit`, and what was told then; returns how many jobs. */
  prune(endedBeforeMs: number, limit: number): Promise<number>;
  /** Closes the store. May be called again. */
  close(): Promise<void>;
}

/** Keeps open handles true though updates are lost, workers die and machines sleep. */

import { TransportError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { JobList, StatusInfo, Update } from "../../protocol/mod.ts";
import { Absence } from "../absence.ts";
import { Alarm } from "../alarm.ts";
import { Continuity, type Place } from "../continuity.ts";
import { JobBook } from "./book.ts";
import type { TrackedJob } from "./handle.ts";
import { Losses } from "../losses.ts";
import { lost, settleFinished, settleIdle } from "../old_worker.ts";
import { isUnknownRequest } from "../requests.ts";

/** What following needs of its client. */
export interface FollowerContext {
  /** Asks for the state of jobs, of none perhaps. Tried once. */
  askJobs(ids: readonly string[]): Promise<JobList>;
  /** Asks for the state of the worker. Tried once. */
  askStatus(): Promise<StatusInfo>;
  /** Subscribes anew, since nothing is heard by the present subscription. */
  subscribe(): void;
  /** Silence after which the worker is asked, in milliseconds. */
  readonly silenceMs: number;
  /** How long the worker may be away before the handles give up, in milliseconds. */
  readonly awayMs: number;
  /** Takes log lines. */
  readonly logger: Logger;
}

/** Most jobs in one question: a long one holds the worker up. */
const PAGE_JOBS = 100;
/** Least time between two questions, in milliseconds. */
const BETWEEN_MS = 50;
/** Time that an update has to arrive after a reply that speaks of it, in milliseconds. */
const GRACE_MS = 100;
/** Time for a doubt to settle by itself, in milliseconds: often the next update is on its way. */
const DOUBT_MS = 25;
/** Time after which a job that was just taken is looked for, in milliseconds: it may be an old one. */
const ACCEPTED_MS = 250;
/** How many times longer than at first a worker is left alone at whom nothing happens. */
const MOST_PATIENCE = 5;
/** Losses in a row that were found by asking, with nothing heard between: the subscription is dead. */
const DEAF_AFTER = 2;

/**
 * Follows the open jobs of a client. While updates come without a gap in their numbers, nothing is
 * asked. A gap, another life of the worker, or a number that a reply tells and no update brings, puts
 * the jobs in doubt. Those are asked for many at a time, one question after the other.
 */
export class JobFollower {
  readonly #context: FollowerContext;
  readonly #book = new JobBook();
  readonly #continuity = new Continuity();
  readonly #absence = new Absence();
  readonly #losses = new Losses();
  readonly #alarm = new Alarm(BETWEEN_MS, () => this.#turn());
  /** Jobs in doubt that are still to be asked for. */
  #round: TrackedJob[] = [];
  /** What a reply said was sent, until it has arrived or its time is over. */
  #expected: { readonly place: Place; readonly untilMs: number } | undefined;
  #isOld = false;
  #isAsking = false;
  #isClosed = false;
  #lastUpdateMs = -Infinity;
  #patience = 1;
  #deafness = 0;

  /** Asks nothing before there are jobs. */
  constructor(context: FollowerContext) {
    this.#context = context;
  }

  /** True for a worker that knows none of the extensions of protocol 1.0. */
  get isOld(): boolean {
    return this.#isOld;
  }

  /** Counts from where the updates stand, as a worker has just said. */
  meet(stand: JobList): void {
    const place = placeOf(stand);
    if (place === undefined) this.meetOld();
    else if (!this.#continuity.isKnown) this.#continuity.skipTo(place);
  }

  /** Does without the extensions from now on, and says so once. */
  meetOld(): void {
    if (this.#isOld) return;
    this.#isOld = true;
    this.#context.logger.log(
      "warn",
      "The worker has only protocol 1.0: updates that get lost cannot be asked for, and a job is " +
        "not submitted again when no answer comes",
    );
  }

  /** Follows a job until it ends. One under a name of the caller's may have ended long ago. */
  follow(job: TrackedJob, { mayBeOver }: { mayBeOver: boolean }): void {
    this.#book.add(job);
    job.settled.then(() => this.#forget(job));
    job.accepted.then(() => {
      if (mayBeOver) this.#doubt(job, ACCEPTED_MS);
      this.#beQuietWithin(ACCEPTED_MS);
    }, () => {});
  }

  /** Takes an update off the wire. */
  hear(update: Update): void {
    const { epoch, seq } = update;
    if (epoch !== undefined && seq !== undefined) {
      this.#isOld = false;
      const verdict = this.#continuity.hear({ epoch, seq });
      if (verdict === "known") return;
      if (verdict === "gap") this.#lose();
    }
    this.#deafness = 0;
    this.#noteUpdate();
    for (const job of this.#book.of(update.job_id)) {
      job.take(update);
      // The last word may be lost, and a cancelled job has no other.
      if (job.isFinished) this.#doubt(job, this.#isOld ? this.#context.silenceMs : DOUBT_MS);
    }
  }

  /** Asks for the state of a job soon. */
  doubt(id: string): void {
    for (const job of this.#book.of(id)) this.#doubt(job, DOUBT_MS);
  }

  /** Fails what has not ended. */
  close(reason: unknown): void {
    this.#isClosed = true;
    for (const job of [...this.#book.all()]) job.fail(reason);
    this.#alarm.stop();
  }

  #forget(job: TrackedJob): void {
    this.#book.remove(job);
    if (this.#book.isEmpty) this.#alarm.stop();
  }

  #noteUpdate(): void {
    this.#lastUpdateMs = performance.now();
    if (this.#patience > 1) this.#beQuietWithin(this.#context.silenceMs);
  }

  /** Takes the silence that follows less patiently. */
  #beQuietWithin(ms: number): void {
    this.#patience = 1;
    const latestMs = performance.now() + ms - this.#context.silenceMs;
    this.#lastUpdateMs = Math.min(this.#lastUpdateMs, latestMs);
    if (!this.#book.isEmpty) this.#alarm.within(ms);
  }

  #doubt(job: TrackedJob, inMs: number): void {
    if (job.isOver) return;
    job.doubtFromMs = Math.min(job.doubtFromMs ?? Infinity, performance.now() + inMs);
    this.#alarm.within(inMs);
  }

  /** Anything may have happened. */
  #lose(): void {
    if (this.#book.isEmpty) return;
    const inMs = Math.max(DOUBT_MS, this.#losses.note());
    const atMs = performance.now() + inMs;
    for (const job of this.#book.all()) job.doubtFromMs ??= atMs;
    this.#alarm.within(inMs);
  }

  async #turn(): Promise<void> {
    if (this.#isAsking || !this.#book.hasAccepted) return;
    this.#isAsking = true;
    this.#judgeExpected();
    const doubtful = this.#doubtful();
    const isQuiet = performance.now() >= this.#quietFromMs();
    if (this.#isOld) {
      doubtful.forEach(settleFinished);
      if (isQuiet) await this.#askOld();
    } else if (doubtful.length > 0 || isQuiet) await this.#ask(doubtful);
    this.#isAsking = false;
    this.#sleep();
  }

  /** The next jobs to ask for. A round is asked for as a whole before the next one begins. */
  #doubtful(): TrackedJob[] {
    if (this.#round.length === 0) {
      const now = performance.now();
      for (const job of this.#book.all()) {
        if (job.isAccepted && (job.doubtFromMs ?? Infinity) <= now) this.#round.push(job);
      }
      if (this.#round.length > 0) this.#losses.startRound();
    }
    const page = this.#round.splice(0, PAGE_JOBS).filter((job) => !job.isOver);
    for (const job of page) job.doubtFromMs = undefined;
    return page;
  }

  #quietFromMs(): number {
    return this.#lastUpdateMs + this.#context.silenceMs * this.#patience;
  }

  #judgeExpected(): void {
    if (this.#expected === undefined) return;
    const { place, untilMs } = this.#expected;
    const hasArrived = this.#continuity.covers(place);
    if (!hasArrived && performance.now() < untilMs) return;
    this.#expected = undefined;
    if (hasArrived) return;
    this.#continuity.skipTo(place);
    this.#lose();
    this.#deafness += 1;
    if (this.#deafness < DEAF_AFTER) return;
    this.#deafness = 0;
    this.#context.subscribe();
  }

  async #ask(page: readonly TrackedJob[]): Promise<void> {
    let list: JobList;
    try {
      list = await this.#context.askJobs([...new Set(page.map((job) => job.id))]);
    } catch (error) {
      for (const job of page) job.doubtFromMs = performance.now();
      this.#noAnswer(error);
      return;
    }
    this.#absence.end();
    const place = placeOf(list);
    if (place === undefined) return this.meetOld();
    this.#learn(page, list, place.epoch);
    if (!this.#continuity.covers(place)) {
      this.#expected ??= { place, untilMs: performance.now() + GRACE_MS };
    } else if (page.length === 0) this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
    if (page.length === 0) this.#lastUpdateMs = performance.now();
  }

  #learn(page: readonly TrackedJob[], { jobs, unknown_ids = [] }: JobList, epoch: number): void {
    const states = new Map(jobs.map((state) => [state.job_id, state]));
    const unknown = new Set(unknown_ids);
    // What did not fit into the answer is asked for at once, unless there is none about anything.
    const again = jobs.length > 0 ? 0 : this.#context.silenceMs;
    for (const job of page) {
      const state = states.get(job.id);
      if (state !== undefined) job.learn(state, epoch);
      else if (unknown.has(job.id)) job.fail(lost(job.id, "the worker no longer knows it"));
      else this.#doubt(job, again);
    }
  }

  async #askOld(): Promise<void> {
    const jobs = [...this.#book.all()].filter((job) => job.isAccepted);
    try {
      const status = await this.#context.askStatus();
      this.#absence.end();
      settleIdle(jobs, status);
      this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
      this.#lastUpdateMs = performance.now();
    } catch (error) {
      this.#noAnswer(error);
    }
  }

  #noAnswer(error: unknown): void {
    if (isUnknownRequest(error)) return this.meetOld();
    this.#absence.note();
    const { awayMs } = this.#context;
    if (!this.#absence.isLongerThan(awayMs)) return;
    const gone = new TransportError(
      "timeout",
      `No answer from the worker for ${Math.round(awayMs / 1_000)} s; when it is back it goes on ` +
        `with the job, and submitting it again under the same id follows it again`,
      { cause: error },
    );
    for (const job of [...this.#book.all()]) if (job.isAccepted) job.fail(gone);
    this.#absence.end();
  }

  /** Sleeps until there is something to ask. */
  #sleep(): void {
    if (this.#isClosed || !this.#book.hasAccepted) return;
    const now = performance.now();
    const awayMs = this.#absence.pauseMs();
    if (awayMs > 0) return this.#alarm.within(awayMs);
    let untilMs = this.#round.length > 0 ? now : this.#quietFromMs();
    for (const job of this.#book.all()) {
      if (job.isAccepted) untilMs = Math.min(untilMs, job.doubtFromMs ?? Infinity);
    }
    untilMs = Math.min(untilMs, this.#expected?.untilMs ?? Infinity);
    this.#alarm.within(Math.max(0, untilMs - now));
  }
}

function placeOf({ epoch, last_seq: seq }: JobList): Place | undefined {
  return epoch === undefined || seq === undefined ? undefined : { epoch, seq };
}

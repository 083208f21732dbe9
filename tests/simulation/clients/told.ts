/** What a handle tells, held against what the worker sent, against itself and against its result. */

import { isDeepStrictEqual as isEqual } from "node:util";
import { decodeUpdate, type Update } from "../../../src/protocol/mod.ts";
import type { World } from "../world/world.ts";

/** Time in which an update crosses a network without faults, in milliseconds. */
const CROSSING_MS = 10;

interface SentUpdate {
  readonly atMs: number;
  readonly update: Update;
}

/** Everything that the worker sent, in all its lives. */
export class Sent {
  readonly #world: World;
  readonly #byPlace = new Map<string, Update>();
  readonly #byJob = new Map<string, SentUpdate[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Notes an update as it leaves. */
  note(body: Uint8Array): void {
    const update = decodeUpdate(body);
    this.#byPlace.set(placeOf(update), update);
    const sent = this.#byJob.get(update.job_id) ?? [];
    sent.push({ atMs: this.#world.nowMs, update });
    this.#byJob.set(update.job_id, sent);
  }

  /** The update with the numbers of this one. */
  like(update: Update): Update | undefined {
    return this.#byPlace.get(placeOf(update));
  }

  /** What was sent about a job in a time. */
  about(id: string, fromMs: number, toMs: number): Update[] {
    const sent = this.#byJob.get(id) ?? [];
    return sent.filter(({ atMs }) => atMs > fromMs && atMs < toMs).map(({ update }) => update);
  }
}

/** How a handle ended. */
export interface Ending {
  /** `completed`, `failed: …`, or the code of an error. */
  readonly verdict: string;
  readonly paths: readonly string[];
}

/** The story of one handle, as it is told. */
export class Told {
  readonly #world: World;
  readonly #sent: Sent;
  readonly #id: string;
  readonly #updates: Update[] = [];
  readonly #percents = new Map<number | undefined, number>();
  readonly #seqs = new Map<number, number>();
  /** True once the story is over. */
  isOver = false;

  constructor(world: World, sent: Sent, id: string) {
    this.#world = world;
    this.#sent = sent;
    this.#id = id;
  }

  /** Takes the next update: the start first, once; `percent` never falls in a life; one end. */
  take(update: Update): void {
    const { type } = update;
    const has = (other: Update["type"]) => this.#updates.some((told) => told.type === other);
    if (has("job_complete") || has("job_error")) this.#fail(`${type} after its end`);
    if (type === "job_started" && this.#updates.length > 0) {
      this.#fail("started in the middle of its story");
    }
    if (type === "job_finished" && has(type)) this.#fail("finished twice");
    if (type === "progress" || type === "preview") {
      if (has("job_finished")) this.#fail(`${type} after it had finished`);
    }
    if (type === "progress") {
      const before = this.#percents.get(update.epoch) ?? 0;
      if (update.percent < before) this.#fail(`percent fell from ${before} to ${update.percent}`);
      this.#percents.set(update.epoch, update.percent);
    }
    this.#compare(update);
    this.#updates.push(update);
  }

  /** Looks at the whole story once its handle has an ending. */
  end({ verdict, paths }: Ending, again: readonly Update[]): void {
    if (!this.isOver) return this.#fail(`its handle is ${verdict}, but its updates go on`);
    if (!isEqual(again, this.#updates)) this.#fail("updates differ when they are read again");
    const last = this.#updates.at(-1);
    const end = last?.type === "job_complete"
      ? { verdict: "completed", paths: last.image_paths ?? [last.image_path] }
      : last?.type === "job_error"
      ? { verdict: `failed: ${last.error}`, paths: [] }
      : undefined;
    const isTold = verdict === "completed" || verdict.startsWith("failed");
    if (end === undefined ? isTold : !isEqual(end, { verdict, paths })) {
      this.#fail(`its handle is ${verdict}, but its last update is ${last?.type}`);
    }
  }

  /** Looks for what nobody lost and yet was not told. */
  expectAll(fromMs: number, toMs: number): void {
    for (const sent of this.#sent.about(this.#id, fromMs, toMs - CROSSING_MS)) {
      if (!this.#updates.some((told) => covers(told, sent))) {
        this.#fail(`${sent.type} ${sent.seq} was not told, though nothing was lost`);
      }
    }
  }

  /** What has a number was sent so, and comes once and in order; what has none was made up. */
  #compare(update: Update): void {
    const { epoch, seq } = update;
    if (epoch === undefined || seq === undefined) return;
    if (!isEqual(this.#sent.like(update), update)) this.#fail(`nobody sent this ${update.type}`);
    const before = this.#seqs.get(epoch) ?? 0;
    if (seq <= before) this.#fail(`update ${seq} after ${before}`);
    this.#seqs.set(epoch, seq);
  }

  #fail(what: string): void {
    this.#world.fail(`${this.#id}: ${what}`);
  }
}

/** True for the same update, or one made of an answer that was newer. */
function covers(told: Update, sent: Update): boolean {
  if (told.seq !== undefined) return told.seq === sent.seq && told.epoch === sent.epoch;
  if (told.type === sent.type && told.type !== "progress") return true;
  if (sent.type !== "progress" && sent.type !== "preview") return false;
  return told.type === "job_finished" || sent.type === "preview" ||
    (told.type === "progress" && told.percent >= sent.percent);
}

function placeOf({ epoch, seq }: Update): string {
  return `${epoch} ${seq}`;
}

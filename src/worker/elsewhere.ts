/** The servers of other workers, as far as a job may rather wait for one of them. */

import { modelKeys } from "../executor/mod.ts";
import type { Job, ServerElsewhere, SharedQueue } from "../queue/mod.ts";
import { choosePlace, LOADING_MS, modelsOf, type Place } from "./placement.ts";

/** How long a job is left to others where one of the servers here has its models in memory, too, in milliseconds. */
const WARM_MS = 1_000;

/** Jobs that are left so in one turn, at the most: one that is idle finds others to do where many wait. */
const MOST_WARM = 4;

/** How long an answer holds, in milliseconds. */
const FRESH_MS = 5_000;

/** Questions whose answers are remembered. */
const REMEMBERED_ANSWERS = 1_000;

/** Jobs that are remembered to have been left to others. */
const REMEMBERED = 10_000;

/** Servers that have the same models in memory. */
interface Having {
  /** How many jobs they may take together. */
  room: number;
  /** The one that does another soonest. */
  soonest: Place;
}

/** What it works with. */
export interface ElsewhereOptions {
  /** Clock, Unix milliseconds. */
  readonly now: () => number;
  /** Whom to ask; undefined if there are no others. */
  readonly shared: SharedQueue | undefined;
  /** Called when others were asked and have answered. */
  readonly onAnswer: () => void;
}

/**
 * What is known of other workers. A job is left to a server that has its models in memory for as long as loading them
 * here would take: whoever was to take it may have died, or have no use for it.
 */
export class Elsewhere {
  readonly #now: () => number;
  readonly #shared: SharedQueue | undefined;
  readonly #onAnswer: () => void;
  /** What was asked of the models of others, and what was answered. */
  readonly #asked = new Map<string, { readonly atMs: number; answer?: boolean }>();
  #servers: readonly ServerElsewhere[] = [];
  /** Those that may take something, by what they have in memory; and of them those that are idle. */
  #open: ReadonlyMap<string, Having> = new Map();
  #idle: ReadonlyMap<string, Having> = new Map();
  #workers = 0;
  /** Since when jobs are left to others, by id. */
  readonly #left = new Map<string, number>();

  /** Knows of nobody. */
  constructor({ now, shared, onAnswer }: ElsewhereOptions) {
    this.#now = now;
    this.#shared = shared;
    this.#onAnswer = onAnswer;
  }

  /** True if others have the models of a job; undefined if they are being asked. */
  #has({ request }: Job): boolean | undefined {
    if (this.#shared === undefined) return false;
    const keys = modelKeys(request);
    const question = keys.join("\n");
    const known = this.#asked.get(question);
    if (known !== undefined && this.#now() - known.atMs < FRESH_MS) return known.answer;
    this.#ask(question, this.#shared.hasModels(keys));
    return known?.answer;
  }

  #ask(question: string, answer: Promise<boolean>): void {
    const asked: { readonly atMs: number; answer?: boolean } = { atMs: this.#now() };
    const [oldest] = this.#asked.keys();
    if (this.#asked.size >= REMEMBERED_ANSWERS && oldest !== undefined) this.#asked.delete(oldest);
    this.#asked.set(question, asked);
    answer.then((has) => {
      asked.answer = has;
      this.#onAnswer();
      // What could not be asked is asked again.
    }, () => this.#asked.delete(question));
  }

  /** Notes what the others told last. */
  note(servers: readonly ServerElsewhere[]): void {
    this.#servers = servers;
    const open = servers.filter(({ room }) => room > 0);
    this.#open = byModels(open);
    this.#idle = byModels(open.filter(({ active }) => active === 0));
    this.#workers = new Set(servers.map(({ worker }) => worker)).size;
  }

  /** How many workers have told of servers. */
  get workers(): number {
    return this.#workers;
  }

  /** What they told last. */
  get servers(): readonly ServerElsewhere[] {
    return this.#servers;
  }

  /**
   * The server here that a job shall go to; undefined if none is free, or it is left to others.
   *
   * @param left Jobs that were left to others in the same turn, by their models: no more than those have room for.
   */
  choose(job: Job, own: readonly Place[], left: Map<string, Set<string>>): string | undefined {
    // Others have its models, or may have: only they can run it.
    if (!own.some((place) => place.has(job.request)) && this.#has(job) !== false) return undefined;
    const models = modelsOf(job.request);
    const before = left.get(models) ?? new Set<string>();
    const others = this.#places(job, models, own, before);
    const name = choosePlace(job.request, job.avoidServer, [...own, ...others]);
    if (own.some((place) => place.name === name)) return name;
    if (name !== undefined) left.set(models, before.add(job.id));
    return undefined;
  }

  /** The server to which a job may be left now, if there is one. */
  #places(
    { id }: Job,
    models: string,
    own: readonly Place[],
    left: ReadonlySet<string>,
  ): Place[] {
    // Of two that have the models in memory only one that is idle is better than one here.
    const isWarm = own.some((place) => place.free && place.loaded === models);
    const having = (isWarm ? this.#idle : this.#open).get(models);
    if (having === undefined) return [];
    const { room, soonest } = having;
    const most = isWarm ? Math.min(room, MOST_WARM) : room;
    if (left.size >= most && !left.has(id)) return [];
    if (this.#now() - this.#leftSince(id) >= (isWarm ? WARM_MS : LOADING_MS)) return [];
    return [soonest];
  }

  /** A job was taken here. */
  forget(jobId: string): void {
    this.#left.delete(jobId);
  }

  #leftSince(id: string): number {
    const since = this.#left.get(id) ?? this.#now();
    // Those left last are remembered longest.
    this.#left.delete(id);
    this.#left.set(id, since);
    const [oldest] = this.#left.keys();
    if (this.#left.size > REMEMBERED && oldest !== undefined) this.#left.delete(oldest);
    return since;
  }
}

function byModels(servers: readonly ServerElsewhere[]): ReadonlyMap<string, Having> {
  const all = new Map<string, Having>();
  for (const { name, worker, waitMs, weight, loaded, room } of servers) {
    if (loaded === undefined) continue;
    // No server here is called so.
    const id = `${worker}\n${name}`;
    const place: Place = { name: id, free: true, waitMs, weight, loaded, has: () => true };
    const having = all.get(loaded) ?? { room: 0, soonest: place };
    having.room += room;
    if (waitMs / weight < having.soonest.waitMs / having.soonest.weight) having.soonest = place;
    all.set(loaded, having);
  }
  return all;
}

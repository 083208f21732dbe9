/**
 * A simulated machine room: processes, a clock that only events move, and one list of what comes next.
 *
 * A process is a chain of calls: whatever it awaits, its timers and messages stay its own
 * (`AsyncLocalStorage`), so that it can be killed, frozen and counted. Between two events every promise
 * that can go on has gone on, so a seed gives one order of all there is.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { EventHeap } from "./heap.ts";
import { Random } from "./random.ts";

/** A process of the simulated machines. */
export class Process {
  /** Its name in the trace. */
  readonly name: string;
  /** What ends with it. */
  readonly onKill: (() => void)[] = [];
  /** False once it was killed. Nothing reaches it any more, and nothing that it does has any effect. */
  isAlive = true;
  /** Until when it stands still, in virtual milliseconds. */
  frozenUntilMs = 0;
  /** Timers of its own that wait. */
  timers = 0;

  /** Starts with nothing. */
  constructor(name: string) {
    this.name = name;
  }

  /** Kills it as a power cut would. */
  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const end of this.onKill.splice(0)) end();
  }
}

/** Something that will happen. */
export interface Happening {
  readonly process: Process;
  readonly label: string;
  readonly run: () => void;
  readonly isTimer: boolean;
  atMs: number;
  seq: number;
  isCancelled: boolean;
}

const current = new AsyncLocalStorage<Process>();
const laterTurn = globalThis.setImmediate;

/** The process whose code runs; undefined outside the simulation. */
export function currentProcess(): Process | undefined {
  return current.getStore();
}

/** Options of {@linkcode World}. */
export interface WorldOptions {
  /** What everything random is drawn from. */
  seed: number;
  /** Keeps the lines of the trace, not only their digest. @default {false} */
  keepTrace?: boolean;
  /** True if isolates share memory with their process. @default {false} */
  hasSharedMemory?: boolean;
}

/** The Unix time at which every world begins, in milliseconds. */
const BEGINNING_MS = Date.UTC(2026, 0, 1);

/** One simulated machine room. */
export class World {
  /** The source of all chance. */
  readonly random: Random;
  /** Lines a person can follow, if they are kept. */
  readonly trace: string[] = [];
  /** What broke a promise, in words; the run ends with the first. */
  readonly failures: string[] = [];
  /** How often each thing happened. */
  readonly counts = new Map<string, number>();
  /** Called after each event. */
  onStep: () => void = () => {};
  /** Milliseconds by which the wall clock is ahead of the truth. */
  clockErrorMs = 0;
  /** True if isolates share memory with their process. */
  readonly hasSharedMemory: boolean;
  readonly #heap = new EventHeap<Happening>();
  readonly #keepTrace: boolean;
  #nowMs = 0;
  #seq = 0;
  #steps = 0;
  #digest = 0x811c9dc5;

  /** Starts at time 0 with nothing. */
  constructor({ seed, keepTrace = false, hasSharedMemory = false }: WorldOptions) {
    this.hasSharedMemory = hasSharedMemory;
    this.random = new Random(seed);
    this.#keepTrace = keepTrace;
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** What `Date.now()` tells. */
  get wallMs(): number {
    return Math.floor(BEGINNING_MS + this.#nowMs + this.clockErrorMs);
  }

  /** Events so far. */
  get steps(): number {
    return this.#steps;
  }

  /** A digest of all events and lines so far: equal runs have equal ones. */
  get digest(): string {
    return this.#digest.toString(16).padStart(8, "0");
  }

  /** Makes something happen to a process after a while. */
  schedule(
    process: Process,
    delayMs: number,
    label: string,
    run: () => void,
    isTimer = false,
  ): Happening {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const next = { process, label, run, isTimer, atMs, seq: this.#seq++, isCancelled: false };
    if (isTimer) process.timers += 1;
    this.#heap.push(next);
    return next;
  }

  /** Takes something back that has not happened yet. */
  cancel(happening: Happening): void {
    if (happening.isCancelled) return;
    happening.isCancelled = true;
    if (happening.isTimer) happening.process.timers -= 1;
  }

  /** Starts code as a process. */
  enter<T>(process: Process, code: () => T): T {
    return current.run(process, code);
  }

  /** Waits in a process. */
  sleep(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(process, ms, "sleep", resolve));
  }

  /** Counts a thing, or several. */
  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** Writes a line of the trace. */
  say(who: string, what: string): void {
    this.#mix(`${this.#nowMs.toFixed(3)} ${who} ${what}`);
    if (!this.#keepTrace) return;
    this.trace.push(
      `${(this.#nowMs / 1_000).toFixed(3).padStart(10)} s  ${who.padEnd(10)} ${what}`,
    );
  }

  /** Notes that a promise was broken. */
  fail(what: string): void {
    this.say("PROMISE", `broken: ${what}`);
    this.failures.push(what);
  }

  /** Lets things happen until a condition holds, a time has come or a promise was broken. */
  async run(isDone: () => boolean, untilMs: number): Promise<void> {
    await this.#settle();
    while (!isDone() && this.failures.length === 0) {
      const next = this.#heap.pop();
      if (next === undefined) return;
      if (next.isCancelled || !next.process.isAlive) continue;
      if (next.process.frozenUntilMs > next.atMs) {
        next.atMs = next.process.frozenUntilMs;
        next.seq = this.#seq++;
        this.#heap.push(next);
        continue;
      }
      if (next.atMs > untilMs) {
        this.#heap.push(next);
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      await this.#step(next);
    }
  }

  async #step(next: Happening): Promise<void> {
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.#steps += 1;
    if (next.isTimer) next.process.timers -= 1;
    next.isCancelled = true;
    this.#mix(`${next.atMs.toFixed(3)} ${next.process.name} ${next.label}`);
    try {
      current.run(next.process, next.run);
    } catch (error) {
      this.fail(`${next.process.name} threw out of ${next.label}: ${String(error)}`);
    }
    await this.#settle();
    this.onStep();
  }

  /** Every promise that can go on goes on before the next turn of the event loop. */
  #settle(): Promise<void> {
    return new Promise((resolve) => laterTurn(resolve));
  }

  /** FNV-1a. */
  #mix(text: string): void {
    let digest = this.#digest;
    for (let at = 0; at < text.length; at++) {
      digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193) >>> 0;
    }
    this.#digest = digest;
  }
}

/** Runs code outside all processes, wherever it was called from. */
export function outside<T>(code: () => T): T {
  return current.run(undefined as unknown as Process, code);
}

let present: World | undefined;

/** The world in which simulated code runs. @throws {Error} if there is none. */
export function presentWorld(): World {
  if (present === undefined) throw new Error("No simulated world runs");
  return present;
}

/** Makes a world the present one; one at a time. */
export function setPresentWorld(world: World | undefined): void {
  present = world;
}

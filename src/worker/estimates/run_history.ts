/** The newest runs of each kind, and what they say of the next one. Pure. */

import { type ExpectedTimes, type MeasuredRun, median, type RunKind } from "../../node_times.ts";
import { createGrowth, type Growth, type StepAtSize } from "./growth.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../../queue/mod.ts";

/** How much runs of another workflow, or of another model, are worth. */
const LIKE = { workflow: 0.25, model: 0.5 };

/** A run whose time is asked for. */
export interface RunQuestion extends Omit<RunKind, "server"> {
  /** Steps asked for. */
  readonly steps: number;
  /** Name of the server, if it is known. */
  readonly server?: string;
}

/** Keeps runs. */
export interface RunHistory {
  /** Takes a run that has ended. */
  note(run: MeasuredRun): void;
  /** What to expect, by the runs that are most like it; undefined if there was none at all. */
  expect(question: RunQuestion): Expectation | undefined;
  /** The same of the whole run alone, which costs far less. */
  expectWhole(question: RunQuestion): ExpectedWhole | undefined;
}

/** What to expect of a run as a whole. */
export interface ExpectedWhole {
  /** The run in milliseconds. */
  readonly ms: number;
  /** How sure that is; see {@linkcode Expectation}. */
  readonly confidence: number;
}

/** What to expect of a run. */
export interface Expectation {
  /** The times. */
  readonly times: ExpectedTimes;
  /** How sure they are, 0 to 1: more with each run of the kind, less for other sizes and models. */
  readonly confidence: number;
}

/** Creates an empty history, which holds as many runs as the queue keeps. */
export function createRunHistory(): RunHistory {
  return new History();
}

class History implements RunHistory {
  /** By kind; the kind that was noted last stands last. */
  readonly #kinds = new Map<string, MeasuredRun[]>();
  #size = 0;

  note(run: MeasuredRun): void {
    const key = keyOf(run);
    const runs = this.#kinds.get(key) ?? [];
    this.#kinds.delete(key);
    this.#kinds.set(key, runs);
    runs.push(run);
    this.#size += 1;
    if (runs.length > RUNS_OF_A_KIND) this.#drop(key, runs);
    if (this.#size > RUNS_IN_ALL) this.#dropOldest();
  }

  expect(question: RunQuestion): Expectation | undefined {
    const like = this.#mostLike(question);
    if (like === undefined) return undefined;
    const { all, first, runs, growth } = like;
    const times = {
      nodes: nodesOf(all),
      otherMs: median(runs.map((run) => run.otherMs + run.filesMs * growth)),
      runMs: wholeOf(like, question),
      exact: difference(first, question) === 0,
      growth,
    };
    return { times, confidence: confidenceOf(like, question) };
  }

  expectWhole(question: RunQuestion): ExpectedWhole | undefined {
    const like = this.#mostLike(question);
    return like && { ms: wholeOf(like, question), confidence: confidenceOf(like, question) };
  }

  #mostLike(question: RunQuestion): Like | undefined {
    const all = this.#closest(question);
    const [first] = all;
    if (first === undefined) return undefined;
    const { factor: growth, seen } = first.pixels === question.pixels
      ? { factor: 1, seen: 1 }
      : this.#growthOf(first).factor(first.pixels, question.pixels);
    return { all, first, runs: representative(all), growth, seen };
  }

  /** How steps of a kind grow, by other sizes of the same, or else of whatever ran. */
  #growthOf({ workflow, model }: RunKind): Growth {
    const groups = new Map<string, StepAtSize[]>();
    const own = JSON.stringify([workflow, model]);
    for (const runs of this.#kinds.values()) {
      const [first] = runs;
      if (first === undefined) continue;
      const key = JSON.stringify([first.workflow, first.model]);
      const steps = representative(runs).map((run) => ({ pixels: run.pixels, ms: stepMsOf(run) }));
      groups.set(key, [...groups.get(key) ?? [], ...steps]);
    }
    const others = [...groups].filter(([key]) => key !== own).map(([, steps]) => steps);
    return createGrowth(groups.get(own) ?? [], others);
  }

  /** Runs of the kind that differs least from the one asked for; of all servers if none is named. */
  #closest(question: RunQuestion): readonly MeasuredRun[] {
    const { server } = question;
    // Nearly always there are some of the very kind.
    const known = server === undefined
      ? undefined
      : this.#kinds.get(keyOf({ ...question, server }));
    if (known !== undefined) return known;
    let best: MeasuredRun[][] = [];
    let least = Infinity;
    for (const runs of this.#kinds.values()) {
      const [first] = runs;
      const distance = first === undefined ? Infinity : difference(first, question);
      if (distance > least) continue;
      if (distance === least && isSameKind(first, best[0]?.[0])) best.push(runs);
      else best = [runs];
      least = distance;
    }
    return best.flat();
  }

  #drop(key: string, runs: MeasuredRun[]): void {
    runs.shift();
    this.#size -= 1;
    if (runs.length === 0) this.#kinds.delete(key);
  }

  #dropOldest(): void {
    const [oldest] = this.#kinds;
    if (oldest !== undefined) this.#drop(...oldest);
  }
}

function keyOf({ workflow, model, pixels, server }: RunKind): string {
  return JSON.stringify([workflow, model, pixels, server]);
}

/** The runs that are most like another one, and how its size compares with theirs. */
interface Like {
  readonly all: readonly MeasuredRun[];
  readonly first: MeasuredRun;
  readonly runs: readonly MeasuredRun[];
  readonly growth: number;
  readonly seen: number;
}

function wholeOf({ runs, growth }: Like, { steps }: RunQuestion): number {
  return median(runs.map((run) => wholeMs(run, steps / run.steps, growth)));
}

function confidenceOf({ first, runs, seen }: Like, question: RunQuestion): number {
  const likeness = first.workflow !== question.workflow
    ? LIKE.workflow
    : first.model !== question.model
    ? LIKE.model
    : 1;
  // Of another size never as much as of the same, and the less, the less of the growth was seen.
  const sameSize = first.pixels === question.pixels ? 1 : 0.5 + 0.4 * seen;
  return likeness * sameSize * runs.length / (runs.length + 1);
}

/**
 * Another workflow says less than another model, that less than another size, and that less than another
 * server; but even of another workflow the nodes of the same class are better than a guess.
 */
function difference(run: RunKind, question: RunQuestion): number {
  const { server = run.server } = question;
  return (run.workflow === question.workflow ? 0 : 1_000_000) +
    (run.model === question.model ? 0 : 1_000) +
    Math.abs(Math.log2(run.pixels / question.pixels)) + (run.server === server ? 0 : 0.01);
}

/** Two that are just as far from what is asked for may still be different things. */
function isSameKind(a: RunKind | undefined, b: RunKind | undefined): boolean {
  return a?.workflow === b?.workflow && a?.model === b?.model && a?.pixels === b?.pixels;
}

/** What models cost that are read for the first time would be counted for every run. */
function representative(runs: readonly MeasuredRun[]): readonly MeasuredRun[] {
  const warm = runs.filter((run) => run.nodes.every((node) => !node.cold));
  return warm.length > 0 ? warm : runs;
}

function wholeMs(run: MeasuredRun, stepRatio: number, growth: number): number {
  const nodesMs = run.nodes.reduce(
    (sum, { fixedMs, steps, stepMs }) => sum + fixedMs + steps * stepRatio * stepMs * growth,
    0,
  );
  return nodesMs + run.otherMs + run.filesMs * growth;
}

/** One step of each sampler. */
function stepMsOf({ nodes }: MeasuredRun): number {
  return nodes.reduce((sum, { stepMs }) => sum + stepMs, 0);
}

function nodesOf(runs: readonly MeasuredRun[]): ExpectedTimes["nodes"] {
  const groups = Map.groupBy(
    runs.flatMap((run) => run.nodes),
    ({ node, className }) => `${node}\n${className}`,
  );
  return [...groups.values()].flatMap((times) => {
    const [first] = times;
    if (first === undefined) return [];
    const fixed = (cold: boolean) =>
      times.filter((time) => time.cold === cold).map((time) => time.fixedMs);
    const stepMs = median(times.filter(({ steps }) => steps > 0).map((time) => time.stepMs));
    const { node, className } = first;
    return [{ node, className, coldMs: fixed(true), warmMs: fixed(false), stepMs }];
  });
}

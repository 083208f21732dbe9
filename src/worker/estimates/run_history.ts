/** The newest runs of each kind, and what they say of the next one. Pure. */

import { type ExpectedTimes, type MeasuredRun, median, type RunKind } from "../../node_times.ts";
import { RUNS_IN_ALL, RUNS_OF_A_KIND } from "../../queue/mod.ts";

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
  expect(question: RunQuestion): ExpectedTimes | undefined;
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
    const key = JSON.stringify([run.workflow, run.model, run.pixels, run.server]);
    const runs = this.#kinds.get(key) ?? [];
    this.#kinds.delete(key);
    this.#kinds.set(key, runs);
    runs.push(run);
    this.#size += 1;
    if (runs.length > RUNS_OF_A_KIND) this.#drop(key, runs);
    if (this.#size > RUNS_IN_ALL) this.#dropOldest();
  }

  expect(question: RunQuestion): ExpectedTimes | undefined {
    const best = this.#closest(question);
    const [first] = best;
    if (first === undefined) return undefined;
    const pixelRatio = question.pixels / first.pixels;
    const runs = representative(best);
    return {
      nodes: nodesOf(best),
      otherMs: median(runs.map((run) => run.otherMs + run.filesMs * pixelRatio)),
      runMs: median(runs.map((run) => wholeMs(run, question.steps / run.steps, pixelRatio))),
      exact: difference(first, question) === 0,
      pixelRatio,
    };
  }

  /** Runs of the kind that differs least from the one asked for; of all servers if none is named. */
  #closest(question: RunQuestion): MeasuredRun[] {
    let best: MeasuredRun[] = [];
    let least = Infinity;
    for (const runs of this.#kinds.values()) {
      const [first] = runs;
      const distance = first === undefined ? Infinity : difference(first, question);
      if (distance > least) continue;
      best = distance === least && isSameKind(first, best[0]) ? [...best, ...runs] : runs;
      least = distance;
    }
    return best;
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

function wholeMs(run: MeasuredRun, stepRatio: number, pixelRatio: number): number {
  const nodesMs = run.nodes.reduce(
    (sum, { fixedMs, steps, stepMs }) => sum + fixedMs + steps * stepRatio * stepMs * pixelRatio,
    0,
  );
  return nodesMs + run.otherMs + run.filesMs * pixelRatio;
}

function nodesOf(runs: readonly MeasuredRun[]): ExpectedTimes["nodes"] {
  const groups = Map.groupBy(
    runs.flatMap((run) => run.nodes),
    ({ node, className }) => JSON.stringify([node, className]),
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

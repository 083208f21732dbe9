/** What a person needs to follow a run that broke a promise. */

import type { Plan } from "./plan.ts";
import { runPlan, type RunResult } from "./run.ts";
import { shrink } from "./shrink.ts";

/** Sums of many runs. */
export class Totals {
  runs = 0;
  hours = 0;
  jobs = 0;
  faults = 0;
  lives = 0;
  steps = 0;
  readonly counts = new Map<string, number>();

  /** Adds a run. */
  add(plan: Plan, result: RunResult): void {
    this.runs += 1;
    this.hours += result.simulatedMs / 3_600_000;
    this.jobs += result.jobs;
    this.faults += plan.faults.length;
    this.lives += result.lives;
    this.steps += result.steps;
    for (const [what, n] of result.counts) this.counts.set(what, (this.counts.get(what) ?? 0) + n);
  }

  /** One line. */
  toString(): string {
    const { runs, hours, jobs, faults, lives, steps } = this;
    return `${runs} runs, ${hours.toFixed(0)} simulated hours, ${jobs} jobs, ${faults} faults, ` +
      `${lives} lives of the worker, ${steps} events`;
  }
}

/** Shrinks a plan that failed, and tells its story. */
export async function story(plan: Plan, mostTries?: number): Promise<string> {
  const small = await shrink(plan, mostTries);
  const { trace, failure } = await runPlan(small, { keepTrace: true });
  return [
    `seed ${plan.seed}: ${failure}`,
    `with ${small.jobs.length} of ${plan.jobs.length} jobs, ` +
    `${small.faults.length} of ${plan.faults.length} faults:`,
    JSON.stringify(small),
    ...trace,
  ].join("\n");
}

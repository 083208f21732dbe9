/** What the simulator was made to do for each job, over all its lives. */

import type { Simulator, SimulatorEvent } from "../../src/simulator/mod.ts";

/** One execution of a job's prompt. */
export interface JobExecution {
  /** Seed of the job. */
  readonly seed: number;
  /** Id of the prompt. */
  readonly promptId: string;
  /** Life of the simulator, counted from 0; each restart begins a new one with an empty memory. */
  readonly life: number;
  /** Number of the event with which it began. */
  readonly at: number;
  /** How it ended, or undefined if it has not. */
  outcome: string | undefined;
  /** Number of the event with which it ended. */
  endedAt: number | undefined;
}

/** Gathers the executions of a simulator, which itself forgets the oldest. */
export interface ExecutionLedger {
  /** Reads what happened since the last call; to be called every few thousand events. */
  read(): void;
  /** Every execution so far. */
  readonly executions: readonly JobExecution[];
  /** Times that the simulator went down. */
  readonly restarts: number;
}

/** Creates a ledger of a simulator that was just started. */
export function createLedger({ record }: Simulator): ExecutionLedger {
  const seeds = new Map<string, number>();
  const executions: JobExecution[] = [];
  let seen = 0;
  let life = 0;
  const running = new Map<string, JobExecution>();
  const take = (event: SimulatorEvent, at: number) => {
    if (event.type === "down") life += 1;
    else if (event.type === "execution_start") {
      const { promptId } = event;
      const seed = seeds.get(promptId) ?? NaN;
      const execution = { seed, promptId, life, at, outcome: undefined, endedAt: undefined };
      executions.push(execution);
      running.set(event.promptId, execution);
    } else if (event.type === "execution_end") {
      const execution = running.get(event.promptId);
      if (execution === undefined) return;
      execution.outcome = event.outcome;
      execution.endedAt = at;
    }
  };
  return {
    executions,
    get restarts() {
      return life;
    },
    read() {
      for (const { promptId, body } of record.prompts) {
        if (promptId !== undefined) seeds.set(promptId, seedOf(body));
      }
      const forgotten = record.total - record.events.length;
      if (seen < forgotten) throw new Error("The ledger was read too seldom");
      record.events.slice(seen - forgotten).forEach((event, index) => take(event, seen + index));
      seen = record.total;
    },
  };
}

function seedOf(body: unknown): number {
  const graph = (body as { prompt?: Record<string, { inputs?: { seed?: unknown } }> }).prompt ?? {};
  const [seed] = Object.values(graph).flatMap(({ inputs }) => inputs?.seed ?? []);
  return Number(seed);
}

/** Runs the fault matrix: one worker and one job for each scenario. */

import type { JobHandle } from "../client/mod.ts";
import { JobError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { SimulatorOptions } from "../simulator/mod.ts";
import { type Bench, type BenchOptions, type JobSize, openBench } from "./bench.ts";
import { type JobTimes, limitOf } from "./limit.ts";
import { type Disturbance, type Scenario, type ScenarioName, SCENARIOS } from "./matrix.ts";
import { chooseSize } from "./trial.ts";
import { aborted, startDeadline } from "./wait.ts";

/** How a scenario went. */
export type ScenarioResult =
  | { type: "skipped"; name: ScenarioName; title: string; reason: string }
  | ScenarioPlayed;

/** How a scenario went that could be played. */
export interface ScenarioPlayed {
  /** Tag. */
  type: "played";
  /** Name of the scenario. */
  name: ScenarioName;
  /** What happened, in a few words. */
  title: string;
  /** What went wrong, lateness aside; undefined if nothing did. */
  problem: string | undefined;
  /** True if it took longer than allowed. */
  isLate: boolean;
  /** From the submission, or from the server's return, to the end of the job, in seconds. */
  seconds: number;
  /** Time that the server itself worked on the job in seconds, if it tells. */
  ownSeconds: number | undefined;
  /** Most seconds allowed; undefined if only the ending counts, or the server tells no times. */
  limitSeconds: number | undefined;
  /** Times that the server ran the job. */
  executions: number;
}

/** True unless it was played and did not end as it should, or too late. */
export function hasPassed(result: ScenarioResult): boolean {
  return result.type === "skipped" || (result.problem === undefined && !result.isLate);
}

/** What to run, and on what. */
export interface ConformanceOptions {
  /** The server; a simulator is started afresh for each scenario. */
  target: { type: "simulator" } | { type: "server"; url: string };
  /** Checkpoint to use. @default the first one that the server has */
  model?: string;
  /** Scenarios to run. @default all */
  scenarios?: readonly ScenarioName[];
  /** Called with what is tested, before it is. */
  onServer?: (description: string) => void;
  /** Called after each scenario. */
  onResult?: (result: ScenarioResult) => void;
  /** Takes the log lines of the workers. @default a logger that drops them */
  logger?: Logger;
  /** Gives up. */
  signal?: AbortSignal;
}

/** Run time of a job in milliseconds. */
const JOB_MS = 2_000;

/** A simulated job: few steps and a small image, so that little is added to their time. */
const SIMULATED_JOB: JobSize = { steps: 10, edge: 64 };

/** A simulator on which that takes {@linkcode JOB_MS}. */
const SIMULATION: SimulatorOptions = {
  stepTimeMs: JOB_MS / SIMULATED_JOB.steps,
  loadTimeMs: 0,
  nodeTimeMs: 0,
  // To write others takes more processor time than all else.
  previewMethod: "still",
};

/** Longest wait for the end of one job in milliseconds. */
const GIVE_UP_MS = 120_000;

/**
 * Runs the scenarios one after the other.
 *
 * A server that is not ours should be idle: its model is loaded by a first job, and the length of
 * the job is chosen for about two seconds after two more. It is not restarted. Before each scenario the
 * job runs once undisturbed, and the limit goes by what that took.
 *
 * @throws {ComfyError} if the server is away.
 * @throws {JobError} if it cannot do the job even when nothing disturbs it.
 */
export async function runConformance(options: ConformanceOptions): Promise<ScenarioResult[]> {
  const { target, model, logger, signal, scenarios, onServer, onResult } = options;
  const bench: BenchOptions = {
    target: target.type === "simulator" ? { ...target, options: SIMULATION } : target,
    model,
    logger,
    signal,
  };
  const size = await prepare(bench, onServer);
  const results: ScenarioResult[] = [];
  for (const scenario of SCENARIOS) {
    if (scenarios?.includes(scenario.name) === false) continue;
    const result = await runScenario(scenario, bench, size);
    results.push(result);
    onResult?.(result);
  }
  return results;
}

/** Decides on the job. */
async function prepare(
  options: BenchOptions,
  onServer: ConformanceOptions["onServer"],
): Promise<JobSize> {
  if (options.target.type === "simulator") {
    onServer?.("The embedded simulator");
    return SIMULATED_JOB;
  }
  await using bench = await openBench(options);
  const size = await chooseSize(bench, JOB_MS);
  const { steps, edge } = size;
  const server = await bench.observer.describe();
  onServer?.(`${server} on ${options.target.url}, jobs of ${steps} steps at ${edge}x${edge}`);
  return size;
}

async function runScenario(
  scenario: Scenario,
  options: BenchOptions,
  size: JobSize,
): Promise<ScenarioResult> {
  const { name, title, needsSimulator = false } = scenario;
  if (needsSimulator && options.target.type === "server") {
    return { type: "skipped", name, title, reason: "a server that is not ours is not restarted" };
  }
  options.signal?.throwIfAborted();
  await using bench = await openBench(options);
  const reason = new JobError(
    "unavailable",
    `The job has not ended within ${GIVE_UP_MS / 1_000} s`,
  );
  using deadline = startDeadline(GIVE_UP_MS, reason, options.signal);
  const undisturbed = await undisturbedJob(bench, size, deadline.signal);
  const played = await play({ scenario, bench, size, undisturbed }, deadline.signal);
  options.signal?.throwIfAborted();
  return played;
}

/** How long the job takes here and now: what the scenario is measured by. */
async function undisturbedJob(
  bench: Bench,
  size: JobSize,
  signal: AbortSignal,
): Promise<JobTimes> {
  const submittedAtMs = performance.now();
  const job = bench.submit(size);
  const failure = await failureOf(job, signal);
  const tookMs = performance.now() - submittedAtMs;
  if (failure !== undefined) await job.result;
  const ownMs = await bench.observer.ownMs();
  bench.startAnew();
  return { tookMs, ownMs };
}

interface Play {
  readonly scenario: Scenario;
  readonly bench: Bench;
  readonly size: JobSize;
  readonly undisturbed: JobTimes;
}

async function play(
  { scenario, bench, size, undisturbed }: Play,
  signal: AbortSignal,
): Promise<ScenarioPlayed> {
  const ended = new AbortController();
  scenario.arm?.(bench, size);
  const submittedAtMs = performance.now();
  const job = bench.submit(size);
  const disturbing = disturb(scenario, { bench, job, signal: ended.signal });
  const failure = await failureOf(job, signal);
  const endedAtMs = performance.now();
  ended.abort(new Error("The job ended before the fault could strike"));
  const { fromMs = submittedAtMs, problem } = await disturbing;
  // A second run may still wait behind the first.
  if (failure === undefined) await bench.observer.idle(signal);
  const executions = await bench.countExecutions();
  const ownMs = await bench.observer.ownMs();
  const { name, title, allowanceMs } = scenario;
  const idleMs = bench.simulator === undefined ? undefined : JOB_MS;
  const limitMs = limitOf({ allowanceMs, ownMs, undisturbed, idleMs });
  const tookMs = endedAtMs - fromMs;
  return {
    type: "played",
    name,
    title,
    problem: failure ?? problem ?? judge(executions),
    isLate: tookMs > limitMs,
    seconds: tookMs / 1_000,
    ownSeconds: ownMs === undefined ? undefined : ownMs / 1_000,
    limitSeconds: limitMs === Infinity ? undefined : limitMs / 1_000,
    executions,
  };
}

/** What disturbing came to; never rejects. */
async function disturb(
  scenario: Scenario,
  disturbance: Disturbance,
): Promise<{ fromMs?: number | undefined; problem?: string }> {
  try {
    return { fromMs: await scenario.disturb?.(disturbance) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** Resolves when the job has ended or it is given up, with the reason if it was not done. */
async function failureOf(job: JobHandle, signal: AbortSignal): Promise<string | undefined> {
  const givenUp = aborted(signal).then(() => signal.throwIfAborted());
  try {
    await Promise.race([job.result, givenUp]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function judge(executions: number): string | undefined {
  return executions === 1 ? undefined : `The server ran it ${executions} times`;
}

/** Guesses how long jobs take, from those that were run. */

import type { ExpectedTimes, MeasuredRun, RunTimes } from "../../node_times.ts";
import type { GenerateRequest } from "../../protocol/mod.ts";
import { createRunHistory } from "./run_history.ts";

/** First guess, before anything was measured: a middling GPU with SDXL. */
const FIRST_GUESS_MS = { perJob: 1_500, perMegapixelStep: 150 };
/** Weight of the newest measurement. */
const NEWEST = 0.3;
/** Runs that make up the mean of all: a wait is the sum of many, so a median would not do. */
const TYPICAL_RUNS = 32;

/** Confidence in what is only known from whole runs, of any kind. */
const ROUGHLY = 0.1;

/** Answers that are kept until another run is noted: placement asks for the same ones over and over. */
const MOST_ANSWERS = 1_000;

/** What is asked about: a request, and what has been decided about it. */
export interface PlannedRun {
  /** What was asked for. */
  readonly request: GenerateRequest;
  /** Workflow chosen for it, once known. */
  readonly workflow: string | undefined;
}

/** How long a run is expected to take. */
export interface ExpectedRun {
  /** The run in milliseconds. */
  readonly ms: number;
  /** How sure that is: 0 is a guess, 1 would be certain. */
  readonly confidence: number;
}

/** Learns and tells run times. */
export interface Estimator {
  /** Expected run time. */
  estimate(run: PlannedRun): ExpectedRun;
  /** The same in milliseconds alone. */
  runMs(run: PlannedRun): number;
  /** Expected run time of whatever comes, in milliseconds. */
  readonly typicalMs: number;
  /** What is expected of each node on a server, and of the run as a whole. */
  expect(run: PlannedRun, server: string): ExpectedTimes;
  /** Learns from how long a job took. */
  learn(request: GenerateRequest, tookMs: number, workflow?: string): void;
  /** Learns from where the time of a run went. */
  note(run: MeasuredRun): void;
  /** Learns how many pixels are generated in all, where the request does not tell. */
  notePixels(run: PlannedRun, pixels: number): void;
}

/**
 * Creates an estimator. Measured runs of the same workflow, model and size come first, then such of
 * another size or model, with steps that grow as {@linkcode Growth} says. Without any, times are taken to grow with pixels × steps; by how much is learnt
 * for each model, and from all models together for one that is new.
 */
export function createEstimator(): Estimator {
  const history = createRunHistory();
  const factors = new Map<string, number>();
  const newest: number[] = [];
  let overall = 1;
  const drawn = new Map<string, number>();
  const pixelsIn = (run: PlannedRun) => drawn.get(shapeOf(run)) ?? pixelsOf(run.request);
  const roughMs = (run: PlannedRun) =>
    guess(pixelsIn(run), run.request.steps) * (factors.get(run.request.model) ?? overall);
  const questionOf = (run: PlannedRun) => {
    const { request: { model, steps }, workflow } = run;
    return workflow === undefined ? undefined : { workflow, model, pixels: pixelsIn(run), steps };
  };
  const measured = (run: PlannedRun, server: string) => {
    const question = questionOf(run);
    return question && history.expect({ ...question, server });
  };
  const answers = new Map<string, ExpectedRun | undefined>();
  // Each job is asked about for each server that it might go to.
  let keys = new WeakMap<GenerateRequest, { workflow: string | undefined; key: string }>();
  const keyOf = (run: PlannedRun): string => {
    const { request, workflow } = run;
    const before = keys.get(request);
    if (before !== undefined && before.workflow === workflow) return before.key;
    const key = `${request.steps} ${pixelsIn(run)} ${workflow}\n${request.model}`;
    keys.set(request, { workflow, key });
    return key;
  };
  const known = (run: PlannedRun) => {
    const key = keyOf(run);
    if (!answers.has(key)) {
      if (answers.size >= MOST_ANSWERS) answers.clear();
      const question = questionOf(run);
      answers.set(key, question && history.expectWhole(question));
    }
    return answers.get(key);
  };
  const estimate = (run: PlannedRun): ExpectedRun =>
    known(run) ?? { ms: roughMs(run), confidence: newest.length > 0 ? ROUGHLY : 0 };
  return {
    estimate,
    runMs: (run) => estimate(run).ms,
    get typicalMs() {
      if (newest.length === 0) return FIRST_GUESS_MS.perJob;
      return newest.reduce((sum, ms) => sum + ms, 0) / newest.length;
    },
    expect: (run, server) =>
      measured(run, server)?.times ??
        { nodes: [], otherMs: 0, runMs: roughMs(run), exact: false, growth: 1 },
    learn(request, tookMs, workflow) {
      const factor = tookMs / guess(pixelsIn({ request, workflow }), request.steps);
      factors.set(request.model, blend(factors.get(request.model), factor));
      overall = blend(factors.size === 1 && overall === 1 ? undefined : overall, factor);
      newest.push(tookMs);
      if (newest.length > TYPICAL_RUNS) newest.shift();
    },
    note(run) {
      answers.clear();
      history.note(run);
    },
    notePixels(run, pixels) {
      const shape = shapeOf(run);
      if (drawn.get(shape) === pixels) return;
      if (drawn.size >= MOST_ANSWERS) drawn.clear();
      drawn.set(shape, pixels);
      keys = new WeakMap();
    },
  };
}

/** Says what a measured run was a run of. */
export function describeRun(
  { model, steps, ...request }: GenerateRequest,
  server: string,
  times: RunTimes,
): MeasuredRun {
  return { ...times, model, steps, server, pixels: times.pixels ?? pixelsOf(request) };
}

function guess(pixels: number, steps: number): number {
  const megapixelSteps = pixels / 1e6 * steps;
  return FIRST_GUESS_MS.perJob + FIRST_GUESS_MS.perMegapixelStep * megapixelSteps;
}

/** What decides how many pixels a workflow generates. */
function shapeOf({ request, workflow }: PlannedRun): string {
  const { size, batch_size = 1, animation_frames = 1, fit } = request;
  return `${size} ${batch_size} ${animation_frames} ${fit} ${workflow}`;
}

/** Pixels of all images together. */
function pixelsOf(
  { size, batch_size = 1, animation_frames = 1 }: Pick<
    GenerateRequest,
    "size" | "batch_size" | "animation_frames"
  >,
): number {
  return size[0] * size[1] * batch_size * animation_frames;
}

/** The first measurement counts fully: it beats any guess. */
function blend(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + NEWEST * (newest - before);
}

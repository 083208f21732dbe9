/** What the page has heard of running jobs, and when views must look again. */

import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "./api.ts";
import { listen } from "./events.ts";
import type { Progress, Update } from "./types.ts";

/** What was heard of a job that runs. */
export interface Live {
  /** Its last progress. */
  progress?: Progress;
  /** Step of its last preview. */
  previewStep?: number;
  /** Its stages so far, with their beginnings in Unix seconds. */
  readonly stages: { readonly stage: string; readonly at: number }[];
}

/** Jobs remembered. */
const MAX_JOBS = 2_000;

/** Shortest pause between two redraws, in milliseconds: more often nobody sees. */
const REDRAW_MS = 100;

const jobs = new Map<string, Live>();
const redraws = new Set<() => void>();
const looks = new Set<() => void>();
let isLive = false;
let lastDraw = 0;
let drawing: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setTimeout> | undefined;

/** Begins to listen; the result ends it. */
export function goLive(): () => void {
  const stop = new AbortController();
  void listen({ hear, connected }, stop.signal);
  return () => stop.abort();
}

/** What is known of a job from updates. The caller is drawn again whenever something comes. */
export function useLive(): { readonly isLive: boolean; of(id: string): Live | undefined } {
  const [, draw] = useState(0);
  useEffect(() => {
    const redraw = () => draw((count) => count + 1);
    redraws.add(redraw);
    return () => void redraws.delete(redraw);
  }, []);
  return { isLive, of: (id) => jobs.get(id) };
}

/** What a view has asked for. */
export interface Looked<Answer> {
  /** The last answer; undefined before the first. */
  readonly answer: Answer | undefined;
  /** Why there was none the last time, or what {@linkcode Looked.fail} was told since. */
  readonly fault: string | undefined;
  /** Shows an error until the next answer. */
  readonly fail: (error: unknown) => void;
}

/** How a view looks. */
export interface LookOptions {
  /** Whether it does not look again for each job that starts or ends. @default {false} */
  readonly isCalm?: boolean;
}

/** Asks at once, whenever a job starts or ends, after a gap, and now and then; anew for other inputs. */
export function useLook<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  everyMs: number,
  inputs: readonly unknown[],
  { isCalm = false }: LookOptions = {},
): Looked<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [fault, setFault] = useState<string>();
  const fail = (error: unknown) => setFault(wordsOf(error));
  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      try {
        const found = await ask(stop.signal);
        if (stop.signal.aborted) return;
        setAnswer(() => found);
        setFault(undefined);
      } catch (error) {
        if (!stop.signal.aborted) fail(error);
      }
    };
    const begin = () => void look();
    begin();
    if (!isCalm) looks.add(begin);
    const timer = setInterval(begin, everyMs);
    return () => {
      stop.abort();
      clearInterval(timer);
      looks.delete(begin);
    };
  }, [...inputs]);
  return { answer, fault, fail };
}

/** Lets all views look again soon. */
export function lookAgain(): void {
  looking ??= setTimeout(() => {
    looking = undefined;
    for (const look of [...looks]) look();
  }, 150);
}

function connected(value: boolean): void {
  if (value !== isLive && value) lookAgain();
  isLive = value;
  redraw();
}

function hear(update: Update): void {
  const { job_id: id, type } = update;
  if (!jobs.has(id) && jobs.size >= MAX_JOBS) jobs.delete(jobs.keys().next().value!);
  const live = jobs.get(id) ?? { stages: [] };
  jobs.set(id, live);
  if (type === "progress") {
    if (live.stages.at(-1)?.stage !== update.stage) {
      live.stages.push({ stage: update.stage, at: Date.now() / 1_000 });
    }
    live.progress = update;
  } else if (type === "preview") live.previewStep = update.step;
  else lookAgain();
  redraw();
}

function redraw(): void {
  drawing ??= setTimeout(() => {
    drawing = undefined;
    lastDraw = performance.now();
    for (const draw of [...redraws]) draw();
  }, Math.max(0, lastDraw + REDRAW_MS - performance.now()));
}

/** Many waits on one timer: each timer of Deno's own costs as much as all else that a short wait is for. */

/** Calls back after so many milliseconds; returns how to give that up. */
export type Later = (ms: number, callback: () => void) => () => void;

/** Longest time that a timer takes, about 24 days; longer ones would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Timers may fire so much too early, in milliseconds. */
const EARLY_MS = 1;

interface Call {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * Creates an alarm for waits that nearly all are given up: for as long as there are others, its timer goes on
 * for one that was given up, and then rings in vain.
 */
export function createAlarm(): Later {
  const calls = new Set<Call>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ringsAtMs = Infinity;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
    ringsAtMs = Infinity;
  };
  const arm = (dueMs: number, nowMs: number) => {
    stop();
    ringsAtMs = dueMs;
    timer = setTimeout(ring, Math.min(Math.max(0, dueMs - nowMs), MAX_TIMER_MS));
  };
  const ring = () => {
    stop();
    const nowMs = performance.now();
    const due: Call[] = [];
    let nextMs = Infinity;
    for (const call of calls) {
      if (call.dueMs <= nowMs + EARLY_MS) due.push(call);
      else nextMs = Math.min(nextMs, call.dueMs);
    }
    // Armed first: a call that throws is not to cost the others theirs.
    const [first, ...others] = due.sort((a, b) => a.dueMs - b.dueMs);
    if (others.length > 0) arm(nowMs, nowMs);
    else if (nextMs < Infinity) arm(nextMs, nowMs);
    if (first !== undefined && calls.delete(first)) first.callback();
  };
  return (ms, callback) => {
    const nowMs = performance.now();
    const call = { dueMs: nowMs + Math.min(ms, MAX_TIMER_MS), callback };
    calls.add(call);
    if (call.dueMs < ringsAtMs) arm(call.dueMs, nowMs);
    return () => {
      if (calls.delete(call) && calls.size === 0) stop();
    };
  };
}

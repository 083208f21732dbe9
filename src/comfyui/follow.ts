/** The life of one iteration: begin, deliver events, and clean up however it ends. */

import { ComfyError } from "../errors.ts";
import { type Clock, type Deadline, startDeadline } from "./clock.ts";
import type { FollowOptions } from "./options.ts";
import type { PromptRun } from "./prompt_run.ts";
import type { CancelOutcome, ComfyEvent } from "./types.ts";

/** What following needs of the client. */
export interface FollowContext {
  /** Source of time. */
  clock: Clock;
  /** Begins to watch a prompt. */
  watch(run: PromptRun, stallMs: number): void;
  /** Ceases to watch it. */
  unwatch(run: PromptRun): void;
  /** Cancels with proof. */
  cancel(promptId: string, timeoutMs: number): Promise<CancelOutcome>;
  /** Told of a cancellation that could not be proved, or failed. */
  warn(message: string, fields: Record<string, unknown>): void;
}

/** How a run begins. */
export interface Beginning {
  /** The run. */
  run: PromptRun;
  /**
   * Posts or looks up the prompt, feeding the run, whose events are delivered meanwhile.
   *
   * @param signal Aborts when the run is left. What has been sent is still to be waited for.
   * @param giveUp Aborts when not even that is waited for any more.
   * @returns False when nothing reached the server, so that there is nothing to cancel.
   */
  begin(signal: AbortSignal, giveUp: AbortSignal): Promise<boolean>;
}

const DEFAULT_STALL_MS = 600_000;
const DEFAULT_CANCEL_MS = 5_000;

/** Starts the time limit of a run. */
export function startRunDeadline(clock: Clock, options: FollowOptions): Deadline {
  const { timeoutMs: ms = Infinity, signal } = options;
  return startDeadline(clock, {
    ms,
    error: () => new ComfyError("timeout", `The prompt has not ended within ${ms} ms`),
    signal,
  });
}

/** Delivers the events of a run under a deadline. */
export async function* follow(
  context: FollowContext,
  { run, begin }: Beginning,
  deadline: Deadline,
  options: FollowOptions,
): AsyncGenerator<ComfyEvent, void, undefined> {
  const { signal } = deadline;
  const giveUp = new AbortController();
  function leave(): void {
    run.fail(signal.reason);
  }
  signal.addEventListener("abort", leave, { once: true });
  context.watch(run, options.stallMs ?? DEFAULT_STALL_MS);
  const beginning = run.channel.isEnded
    ? Promise.resolve(false)
    : begin(signal, giveUp.signal).catch((error) => {
      run.fail(error);
      return false;
    });
  let isLeft = true;
  try {
    yield* eventsOf(run);
    isLeft = false;
  } catch (error) {
    isLeft = error === signal.reason || isStalled(error);
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
    context.unwatch(run);
    if (isLeft) await cleanUp(context, run, beginning, options);
    giveUp.abort(signal.reason);
    await beginning;
  }
}

async function* eventsOf(run: PromptRun): AsyncGenerator<ComfyEvent, void, undefined> {
  for (;;) {
    const event = await run.channel.next();
    if (event === undefined) return;
    yield event;
  }
}

/**
 * Cancels what was left, but not before it is known whether it was posted: else it could come
 * after.
 */
async function cleanUp(
  context: FollowContext,
  run: PromptRun,
  beginning: Promise<boolean>,
  options: FollowOptions,
): Promise<void> {
  const { whenLeft = "cancel", cancelTimeoutMs = DEFAULT_CANCEL_MS } = options;
  if (whenLeft === "keep") return;
  const isPosted = await within(context.clock, cancelTimeoutMs, beginning);
  if (isPosted === false) return;
  const { promptId } = run;
  try {
    const { type } = await context.cancel(promptId, cancelTimeoutMs);
    if (type === "unconfirmed" || type === "refused") {
      context.warn("A prompt that was left may still run", { promptId, cancellation: type });
    }
  } catch (error) {
    context.warn("A prompt that was left could not be cancelled", {
      promptId,
      error: String(error),
    });
  }
}

/** The promise's value, or `undefined` when it takes too long. */
async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const expired = clock.delay(ms, { signal: timer.signal }).then(() => undefined, () => undefined);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timer.abort();
  }
}

function isStalled(error: unknown): boolean {
  return error instanceof ComfyError && error.code === "stalled";
}

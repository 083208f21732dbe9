/** The life of one iteration: begin, deliver events, and clean up however it ends. */

import { ComfyError } from "../../errors.ts";
import { type Clock, type Deadline, NOT_NEEDED, startDeadline } from "../clock.ts";
import type { FollowOptions } from "../options.ts";
import type { PromptRun } from "./prompt_run.ts";
import type { CancelOutcome, ComfyEvent } from "../types.ts";

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
   */
  begin(signal: AbortSignal, giveUp: AbortSignal): Promise<BeginResult>;
}

/**
 * What came of a beginning: the server is known to have answered it, or nobody knows whether the
 * prompt is there, or may come yet.
 */
export type BeginResult = "answered" | "doubtful";

const DEFAULT_STALL_MS = 600_000;
const DEFAULT_CANCEL_MS = 5_000;

/** What an iteration needs first: that the server is there, and a run. */
export type Prepare = (signal: AbortSignal) => Promise<Beginning>;

/**
 * Delivers the events of a run. Nothing is done before the iteration begins. One generator does it all: each
 * that handed on the events of another would cost several turns for every event.
 */
export async function* follow(
  context: FollowContext,
  options: FollowOptions,
  prepare: Prepare,
): AsyncGenerator<ComfyEvent, void, undefined> {
  using deadline = startRunDeadline(context.clock, options);
  const { signal } = deadline;
  const { run, begin } = await prepare(signal);
  const giveUp = new AbortController();
  function leave(): void {
    run.fail(signal.reason);
  }
  signal.addEventListener("abort", leave, { once: true });
  let isLeft = true;
  let isRefused = false;
  const { onEvent } = options;
  if (onEvent !== undefined) {
    run.channel.deliverTo((event) => {
      try {
        onEvent(event);
      } catch (error) {
        isRefused = true;
        run.fail(error);
      }
    });
  }
  context.watch(run, options.stallMs ?? DEFAULT_STALL_MS);
  // A client that was closed meanwhile posts nothing more.
  const beginning: Promise<BeginResult> = run.channel.isEnded
    ? Promise.resolve("answered")
    : begin(signal, giveUp.signal).catch((error) => {
      run.fail(error);
      return "doubtful";
    });
  try {
    for (;;) {
      const event = run.channel.take() ?? await run.channel.next();
      if (event === undefined) break;
      yield event;
    }
    isLeft = false;
  } catch (error) {
    isLeft = isRefused || error === signal.reason || isStalled(error);
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
    context.unwatch(run);
    if (isLeft) await cleanUp(context, run, beginning, options);
    giveUp.abort(signal.reason ?? NOT_NEEDED);
    await beginning;
  }
}

function startRunDeadline(clock: Clock, options: FollowOptions): Deadline {
  const { timeoutMs: ms = Infinity, signal } = options;
  return startDeadline(clock, {
    ms,
    error: () => new ComfyError("timeout", `The prompt has not ended within ${ms} ms`),
    signal,
  });
}

/**
 * Cancels what was left, but not before it is known whether it was posted: else it could come
 * after.
 */
async function cleanUp(
  context: FollowContext,
  run: PromptRun,
  beginning: Promise<BeginResult>,
  options: FollowOptions,
): Promise<void> {
  const { whenLeft = "cancel", cancelTimeoutMs = DEFAULT_CANCEL_MS, onLeft } = options;
  if (whenLeft === "keep") return;
  const begun = await within(context.clock, cancelTimeoutMs, beginning);
  const { promptId } = run;
  const outcome = await cancelLeft(context, promptId, cancelTimeoutMs);
  // That it is not there is no proof while its post may still be under way.
  const isProved = begun === "answered" || outcome.type !== "unknown";
  onLeft?.(isProved ? outcome : { type: "unconfirmed" });
}

async function cancelLeft(
  context: FollowContext,
  promptId: string,
  timeoutMs: number,
): Promise<CancelOutcome> {
  try {
    const outcome = await context.cancel(promptId, timeoutMs);
    const { type } = outcome;
    if (type === "unconfirmed" || type === "refused") {
      context.warn("A prompt that was left may still run", { promptId, cancellation: type });
    }
    return outcome;
  } catch (error) {
    context.warn("A prompt that was left could not be cancelled", {
      promptId,
      error: String(error),
    });
    return { type: "unconfirmed" };
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

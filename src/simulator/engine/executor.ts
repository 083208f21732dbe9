/**
 * The one worker that takes prompts from the queue, one after the other, until it is stopped or dies.
 *
 * @module
 */

import type { PromptQueue, QueueItem } from "./queue.ts";
import type { Outcome } from "../record.ts";
import { Run, type RunContext } from "./run.ts";
import type { RunResult } from "./queue.ts";

/** What the executor works with. */
export interface ExecutorContext extends RunContext {
  /** The queue. */
  readonly queue: PromptQueue;
}

/**
 * Runs prompts until the signal aborts or the executor dies. Nothing guards the real loop, so whatever
 * escapes from a prompt (a node without inputs is one way) ends it, and the server only seems to live.
 */
export async function executePrompts(context: ExecutorContext): Promise<void> {
  try {
    for (;;) {
      await executeWaiting(context);
      await untilChanged(context);
    }
  } catch {
    // The record tells of it: the execution's outcome is `died`.
  }
}

async function executeWaiting(context: ExecutorContext): Promise<void> {
  const { queue } = context;
  for (let item = queue.take(); item !== undefined; item = queue.take()) {
    await executeItem(context, item);
    heedFlags(context);
  }
  heedFlags(context);
}

async function executeItem(context: ExecutorContext, item: QueueItem): Promise<void> {
  const { queue, clients, log, settings, signal } = context;
  const { promptId } = item;
  let outcome: Outcome = "died";
  try {
    context.takeInterrupt();
    const result = await new Run(context, item).execute();
    outcome = outcomeOf(result);
    log.emit({ type: "execution_end", promptId, outcome });
    if (settings.timing.historyGap > 0) {
      await settings.clock.delay(settings.timing.historyGap, signal);
    }
    queue.finish(item, result);
    log.emit({ type: "history_added", promptId });
    if (clients.current !== undefined) {
      clients.send("executing", { node: null, prompt_id: promptId }, clients.current);
    }
  } finally {
    if (outcome === "died") log.emit({ type: "execution_end", promptId, outcome });
  }
}

function outcomeOf({ success, messages }: RunResult): Outcome {
  if (success) return "success";
  return messages.at(-1)?.[0] === "execution_interrupted" ? "interrupted" : "error";
}

function heedFlags({ queue, cache, loadedModels }: ExecutorContext): void {
  const { unloadModels, freeMemory } = queue.takeFlags();
  if (unloadModels || freeMemory) loadedModels.clear();
  if (freeMemory) cache.clear();
}

async function untilChanged({ queue, signal }: ExecutorContext): Promise<void> {
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([queue.changed(), stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

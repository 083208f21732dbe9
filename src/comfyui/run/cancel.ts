/** Cancelling one prompt, with proof of what came of it. */

import { ComfyError } from "../../errors.ts";
import { type Clock, startDeadline } from "../clock.ts";
import { type HttpApi, isSuccess, isUnknownRoute, statusError } from "../api/http.ts";
import type { CallOptions } from "../options.ts";
import type { PromptState, ServerView } from "../api/server_view.ts";
import type { CancelOutcome } from "../types.ts";

/** What cancelling needs of the client. */
export interface CancelContext {
  /** Speaks HTTP. */
  api: HttpApi;
  /** Knows what the server is able to do. */
  view: ServerView;
  /** Where a prompt stands, and its id on a server that chose another than it was posted with. */
  find(promptId: string, call: CallOptions): Promise<{ promptId: string; state: PromptState }>;
  /** Source of time. */
  clock: Clock;
}

/** Options of {@linkcode cancelPrompt}. */
export interface CancelRequest {
  /** Longest wait for the proof in milliseconds. */
  timeoutMs: number;
  /** Allows an interrupt that older servers apply to whatever runs. */
  allowGlobalInterrupt: boolean;
  /** Gives up. */
  signal?: AbortSignal | undefined;
}

/**
 * Longest wait between two looks in milliseconds. An interrupt is asked for anew at each look:
 * ComfyUI forgets one that comes before the prompt's first node.
 */
const MAX_LOOK_MS = 500;

/**
 * Cancels a prompt and waits until the server shows what came of it.
 *
 * @throws {ComfyError} When the server could not be asked within the time.
 */
export async function cancelPrompt(
  context: CancelContext,
  promptId: string,
  request: CancelRequest,
): Promise<CancelOutcome> {
  const expired = new Error("The time for the cancellation is over");
  using deadline = startDeadline(context.clock, {
    ms: request.timeoutMs,
    error: () => expired,
    signal: request.signal,
  });
  const { signal } = deadline;
  let wasPending = false;
  let failure: unknown;
  try {
    for (let waitMs = 20;; waitMs = Math.min(MAX_LOOK_MS, waitMs * 2)) {
      try {
        const { promptId: id, state } = await context.find(promptId, { signal });
        failure = undefined;
        if (state.type === "unknown") return { type: wasPending ? "removed" : "unknown" };
        wasPending ||= state.type === "pending";
        const outcome = await act(context, id, state, request, signal);
        if (outcome !== undefined) return outcome;
      } catch (error) {
        if (signal.aborted || !(error instanceof ComfyError)) throw error;
        failure = error;
      }
      await context.clock.delay(waitMs, { signal });
    }
  } catch (error) {
    if (error !== expired) throw error;
    if (failure !== undefined) throw failure;
    return { type: "unconfirmed" };
  }
}

/** Does what the state calls for; an outcome when nothing more can be done. */
async function act(
  context: CancelContext,
  promptId: string,
  state: Exclude<PromptState, { type: "unknown" }>,
  request: CancelRequest,
  signal: AbortSignal,
): Promise<CancelOutcome | undefined> {
  if (state.type === "finished") {
    return { type: state.entry.outcome.type === "interrupted" ? "interrupted" : "finished" };
  }
  if (await cancelJob(context, promptId, signal)) return undefined;
  if (state.type === "pending") {
    await context.api.command("/queue", { delete: [promptId] }, { signal });
    return undefined;
  }
  return await interrupt(context, promptId, request, signal);
}

/** The atomic way of newer servers; false where there is none. */
async function cancelJob(
  { api, view }: CancelContext,
  promptId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!await view.hasJobs({ signal })) return false;
  const path = `/api/jobs/${encodeURIComponent(promptId)}/cancel`;
  const answer = await api.send(path, { method: "POST", signal });
  if (isUnknownRoute(answer)) return false;
  if (!isSuccess(answer)) throw statusError(answer, `POST ${path}`);
  return true;
}

/**
 * Interrupts the prompt, which was the running one a moment ago.
 *
 * A server that cannot interrupt by name stops whatever runs by then.
 */
async function interrupt(
  { api, view }: CancelContext,
  promptId: string,
  request: CancelRequest,
  signal: AbortSignal,
): Promise<CancelOutcome | undefined> {
  const isTargeted = await view.interruptsByName({ signal });
  if (!isTargeted && !request.allowGlobalInterrupt) return { type: "refused" };
  await api.command("/interrupt", { prompt_id: promptId }, { signal });
  return undefined;
}

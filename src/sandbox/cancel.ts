/** Seeing a cancelled prompt off: `cancelled` is what ComfyUI shows, not what was asked of it. */

import type { ComfyClient, LeftOutcome } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { LogFields, LogLevel } from "../log.ts";
import type { JobContext } from "./context.ts";

/** What seeing a prompt off needs. */
export interface CancelContext {
  /** The server. */
  readonly client: ComfyClient;
  /** Takes log lines. */
  readonly log: (level: LogLevel, message: string, fields: LogFields) => void;
  /** For log lines. */
  readonly jobId: string;
  /** What came of asking a moment ago, if that was done. */
  readonly left: LeftOutcome | undefined;
}

/** Why a prompt goes on although it was cancelled, and what helps. */
const HINTS = {
  refused:
    "ComfyUI goes on with a cancelled prompt: it is older than 0.3.57 and cannot be asked to " +
    "stop one prompt; update it, or set comfyui.allow_global_interrupt if nobody else uses it",
  unconfirmed: "ComfyUI has not let go of a cancelled prompt yet; asking again until it does. " +
    "A node that never checks for an interrupt ends only with a restart of ComfyUI",
} as const;

/** Time between two looks in milliseconds. */
const LOOK_AGAIN_MS = 1_000;

/** How long one look waits for the proof, in milliseconds. */
const PROOF_MS = 2_000;

/** True when the prompt surely does not run any more and never will. */
export function isProof({ type }: LeftOutcome): boolean {
  return type !== "refused" && type !== "unconfirmed";
}

/**
 * Cancels until ComfyUI shows that the prompt is gone, however long that takes.
 *
 * @throws {ComfyError} `unreachable` or `timeout` when the server is away, so that nothing is known.
 */
export async function cancelSurely(context: CancelContext, promptId: string): Promise<void> {
  const { client, left } = context;
  const hints = new Set(Object.keys(HINTS));
  // At first ComfyUI may only be slow.
  if (left?.type === "refused") tell(context, left, hints);
  for (let asked = left !== undefined;; asked = true) {
    if (asked) await pause(LOOK_AGAIN_MS);
    const outcome = await tryCancel(client, promptId);
    if (isProof(outcome)) return;
    tell(context, outcome, hints);
  }
}

/**
 * Cancels prompts that nobody follows any more; one look at each.
 *
 * @returns those that surely do not run any more and never will, or that run and cannot be stopped.
 * @throws {ComfyError} `unreachable` or `timeout` when the server is away, so that nothing is known.
 */
export async function withdraw(
  { server: { client }, log }: Pick<JobContext, "server" | "log">,
  promptIds: readonly string[],
): Promise<string[]> {
  const outcomes = await Promise.all(promptIds.map((promptId) => tryCancel(client, promptId)));
  return promptIds.filter((promptId, index) => {
    const type = outcomes[index]?.type;
    if (type === "refused") log("warn", HINTS.refused, { promptId });
    return type !== "unconfirmed";
  });
}

/** Says each thing once. */
function tell({ log, jobId }: CancelContext, { type }: LeftOutcome, untold: Set<string>): void {
  if (!untold.delete(type)) return;
  log("warn", HINTS[type as keyof typeof HINTS], { jobId });
}

/** A server that answers with errors is there, so that it is worth asking again. */
async function tryCancel(client: ComfyClient, promptId: string): Promise<LeftOutcome> {
  try {
    return await client.cancel(promptId, { timeoutMs: PROOF_MS });
  } catch (error) {
    if (!(error instanceof ComfyError)) throw error;
    if (error.code === "unreachable" || error.code === "timeout") throw error;
    return { type: "unconfirmed" };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

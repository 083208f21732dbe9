/** Posting a prompt so that it runs once, whatever happens to the answer. */

import { ComfyError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Clock } from "../clock.ts";
import type { HttpAnswer, HttpApi } from "./http.ts";
import {
  isJobFault,
  isSuccess,
  isUnknownRoute,
  parseAnswer,
  SMALL_ANSWER_BYTES,
  statusError,
} from "./http.ts";
import { parseExactJson } from "../../exact_json.ts";
import { asNumber, asText, isObject } from "./json.ts";
import type { CallOptions } from "../options.ts";
import { hasNodeErrors, rejectedError } from "./rejected.ts";
import { MARKER, type ServerView } from "./server_view.ts";
import type { PromptGraph } from "../types.ts";

/** What submitting needs of the client. */
export interface SubmitContext {
  /** Speaks HTTP. */
  api: HttpApi;
  /** Answers where prompts stand. */
  view: ServerView;
  /** Source of time. */
  clock: Clock;
  /** Takes log lines. */
  logger: Logger;
  /** How long an answer of the server is waited for in all, in milliseconds. */
  unreachableMs: number;
}

/** A prompt to be posted. */
export interface Submission {
  /** The graph. */
  graph: PromptGraph;
  /** What is posted: the same, its numbers perhaps spelled otherwise. */
  spelled: PromptGraph;
  /** Our id for it. */
  promptId: string;
  /** Who gets its events. */
  clientId: string;
  /** Further `extra_data`. */
  extraData: Record<string, unknown>;
  /** Gives up waiting for the answer. */
  postSignal: AbortSignal;
}

/** A prompt that the server has taken. */
export interface Submitted {
  /** Id that the server uses. */
  promptId: string;
  /** Its place in the order of execution, when known. */
  number?: number;
  /** Why parts of it will not run; the prompt must then be cancelled. */
  refusal?: ComfyError;
}

/** Posts of one prompt, the first included, each after proof that the one before left nothing. */
const MAX_POSTS = 3;

/** Wait between the two looks that prove absence: a server may still be checking the graph. */
const SETTLE_MS = 500;

const POST = "POST /prompt";

/**
 * Posts a prompt.
 *
 * When no clear answer comes, the server is asked whether it knows the prompt before it is posted
 * again. The post itself is given up only by its own signal, since nobody would know what became of
 * it.
 *
 * @throws {ComfyError} `rejected`; or what kept the post from being answered, when the server does
 *   not know the prompt or cannot be asked either.
 */
export async function submit(
  context: SubmitContext,
  submission: Submission,
  call: CallOptions,
): Promise<Submitted> {
  for (let post = 1;; post++) {
    call.signal?.throwIfAborted();
    const answer = await tryPost(context, submission);
    if (answer.type === "answered") return readAnswer(answer.answer, submission);
    context.logger.log("warn", "Asking ComfyUI whether it took a prompt", {
      promptId: submission.promptId,
      error: answer.error.message,
    });
    const found = await findPrompt(context, submission.promptId, answer.error, call);
    if (found !== undefined) return found;
    if (answer.error.code === "http_status" || post === MAX_POSTS) throw answer.error;
  }
}

type PostResult =
  | { type: "answered"; answer: HttpAnswer }
  /** Whether the server took it has to be asked. */
  | { type: "doubtful"; error: ComfyError };

async function tryPost(
  { api }: SubmitContext,
  submission: Submission,
): Promise<PostResult> {
  const { spelled, promptId, clientId, extraData, postSignal: signal } = submission;
  const json = {
    prompt: spelled,
    prompt_id: promptId,
    client_id: clientId,
    extra_data: { ...extraData, [MARKER]: promptId },
  };
  try {
    const answer = await api.send("/prompt", {
      signal,
      method: "POST",
      json,
      maxBytes: SMALL_ANSWER_BYTES,
    });
    if (answer.status >= 500) return { type: "doubtful", error: statusError(answer, POST) };
    if (isSuccess(answer)) parseAnswer(answer, POST);
    return { type: "answered", answer };
  } catch (error) {
    if (error instanceof ComfyError) return { type: "doubtful", error };
    throw error;
  }
}

function readAnswer(answer: HttpAnswer, submission: Submission): Submitted {
  if (!isSuccess(answer)) throw refusal(answer, submission.graph);
  const body = parseAnswer(answer, POST);
  const promptId = isObject(body) ? asText(body.prompt_id) : undefined;
  if (!isObject(body) || promptId === undefined) {
    throw new ComfyError("bad_answer", `${POST}: the answer names no prompt; is this ComfyUI?`);
  }
  const number = asNumber(body.number);
  const submitted = { promptId, ...(number === undefined ? {} : { number }) };
  if (!hasNodeErrors(body)) return submitted;
  return { ...submitted, refusal: rejectedError(body, submission.graph, answer.status) };
}

function refusal(answer: HttpAnswer, graph: PromptGraph): ComfyError {
  const { status } = answer;
  const error = statusError(answer, POST);
  if (!isJobFault(status) || isUnknownRoute(answer)) return error;
  const refused = new ComfyError("rejected", error.message, { status, cause: error });
  if (status !== 400) return refused;
  try {
    return rejectedError(parseExactJson(answer.text), graph, status);
  } catch {
    return refused;
  }
}

/**
 * Finds out whether the server knows the prompt; `undefined` is proof that it does not.
 *
 * @throws {ComfyError} When the server could not be asked for too long.
 */
async function findPrompt(
  context: SubmitContext,
  promptId: string,
  doubt: ComfyError,
  call: CallOptions,
): Promise<Submitted | undefined> {
  const { clock, unreachableMs } = context;
  const giveUpAt = clock.now() + unreachableMs;
  let absences = 0;
  let waitMs = 50;
  while (absences < 2) {
    try {
      const found = await look(context, promptId, call);
      if (found !== undefined) return found;
      absences++;
      waitMs = SETTLE_MS;
    } catch (error) {
      if (!(error instanceof ComfyError) || call.signal?.aborted) throw error;
      if (clock.now() >= giveUpAt) throw unknownFate(promptId, doubt);
      waitMs = Math.min(1_000, waitMs * 2);
    }
    if (absences < 2) await clock.delay(waitMs, call);
  }
  return undefined;
}

async function look(
  { view }: SubmitContext,
  promptId: string,
  call: CallOptions,
): Promise<Submitted | undefined> {
  const state = await view.state(promptId, call);
  if (state.type === "finished") return { promptId };
  if (state.type !== "unknown") return { promptId, number: state.number };
  if (await view.takesIds(call)) return undefined;
  const marked = await view.findMarked(promptId, call);
  return marked === undefined ? undefined : { promptId: marked };
}

function unknownFate(promptId: string, cause: ComfyError): ComfyError {
  const message =
    `${cause.message}; whether it took prompt ${promptId} is unknown, attach to it later`;
  return new ComfyError(cause.code, message, { cause });
}

/**
 * `POST /prompt` and `GET /prompt`.
 *
 * @module
 */

import { BodyTooLarge, type Exchange, json } from "../../http.ts";
import { isObject, type Json, type JsonObject } from "../../json.ts";
import { problem } from "../../validation/problem.ts";
import type { ComfyProcess } from "../../engine/process.ts";
import { contains, PythonError, str, toBool, toFloat } from "../../python.ts";
import type { ReceivedPrompt } from "../../record.ts";
import { validatePrompt } from "../../validation/validate.ts";
import type { Prompt } from "../../graph.ts";
import type { Routes } from "./route.ts";

/** The prompt routes. */
export const PROMPT_ROUTES: Routes = {
  "GET /prompt": { handle: ({ process }) => json(process.status()) },
  "POST /prompt": { handle: postPrompt },
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Submission {
  readonly response: Response;
  readonly promptId: string | undefined;
}

/** The record must tell of every submission, so it is written whatever comes of it. */
async function postPrompt(exchange: Exchange): Promise<Response> {
  const { process } = exchange;
  let body: JsonObject | undefined;
  try {
    const json = await exchange.json();
    body = isObject(json) ? structuredClone(json) : undefined;
    const { response, promptId } = await submit(process, json);
    process.log.addPrompt(received(body, promptId, response.status));
    return response;
  } catch (error) {
    const status = error instanceof BodyTooLarge ? 413 : 500;
    process.log.addPrompt(received(body, undefined, status));
    throw error;
  }
}

function received(
  body: JsonObject | undefined,
  promptId: string | undefined,
  status: number,
): ReceivedPrompt {
  const clientId = typeof body?.client_id === "string" ? body.client_id : undefined;
  return { body, promptId, clientId, status };
}

async function submit(process: ComfyProcess, body: Json): Promise<Submission> {
  const number = takeNumber(process, body);
  if (!contains(body, "prompt")) return refuse("no_prompt", "No prompt provided");
  if (!isObject(body)) throw new PythonError("TypeError", "indices must be integers");
  const { profile } = process.settings;
  const { prompt = null } = body;
  const promptId = idFor(body, profile.ownPromptId);
  if (promptId === undefined) {
    return refuse(
      "invalid_prompt_id",
      "prompt_id must be a valid UUID",
      "prompt_id must be a UUID string in canonical lowercase hyphenated form; " +
        "omit it to let the server generate one",
    );
  }
  const targets = profile.partialTargets ? body.partial_execution_targets ?? null : null;
  const verdict = await validatePrompt(prompt, targets, process.validation);
  const extraData = extraDataOf(process, body);
  if (verdict.error !== undefined) {
    const answer = { error: verdict.error, node_errors: verdict.nodeErrors };
    return { response: json(answer, 400), promptId: undefined };
  }
  const { outputs } = verdict;
  process.queue.put({ number, promptId, prompt: prompt as Prompt, extraData, outputs });
  const answer = { prompt_id: promptId, number, node_errors: verdict.nodeErrors };
  return { response: json(answer), promptId };
}

/** The counter is used up even by a prompt that is then refused. */
function takeNumber(process: ComfyProcess, body: Json): number {
  if (contains(body, "number")) return toFloat((body as JsonObject).number ?? null);
  const isFirst = contains(body, "front") && isObject(body) && toBool(body.front ?? null);
  const number = process.nextNumber();
  return isFirst && number !== 0 ? -number : number;
}

function idFor(body: JsonObject, own: "ignored" | "any" | "uuid"): string | undefined {
  const given = body.prompt_id;
  if (own === "ignored" || given === undefined) return crypto.randomUUID();
  if (own === "any") return str(given);
  if (given === null) return crypto.randomUUID();
  return typeof given === "string" && UUID.test(given) ? given : undefined;
}

function extraDataOf(process: ComfyProcess, body: JsonObject): JsonObject {
  const { profile, clock } = process.settings;
  const { extra_data: extra = {}, client_id: clientId } = body;
  const additions: JsonObject = {
    ...(clientId !== undefined && { client_id: clientId }),
    ...(profile.createTime && { create_time: Math.trunc(clock.now()) }),
  };
  if (isObject(extra)) return { ...extra, ...additions };
  if (Object.keys(additions).length === 0) return {};
  throw new PythonError("TypeError", "object does not support item assignment");
}

function refuse(type: string, message: string, details = message): Submission {
  const answer = { error: problem(type, message, details), node_errors: {} };
  return { response: json(answer, 400), promptId: undefined };
}

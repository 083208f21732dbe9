/**
 * Queue, history, interruption and memory.
 *
 * @module
 */

import { empty, type Exchange, json } from "../../http.ts";
import { isObject, type Json, type JsonObject } from "../../json.ts";
import { contains, PythonError, toBool, toInt, typeName } from "../../python.ts";
import { type QueueItem, toTuple } from "../../engine/queue.ts";
import type { Routes } from "./route.ts";

/** The queue routes. */
export const QUEUE_ROUTES: Routes = {
  "GET /queue": { handle: getQueue },
  "POST /queue": { handle: postQueue },
  "GET /history": { handle: getHistory },
  "POST /history": { handle: postHistory },
  "GET /history/{prompt_id}": { handle: getHistoryEntry },
  "POST /interrupt": { handle: postInterrupt },
  "POST /free": { handle: postFree },
};

function getQueue({ process }: Exchange): Response {
  const { queue, settings: { profile } } = process;
  const show = (item: QueueItem) => toTuple(profile.createTime ? withoutSecrets(item) : item);
  return json({
    queue_running: queue.running ? [show(queue.running)] : [],
    queue_pending: queue.pending.map(show),
  });
}

function withoutSecrets(item: QueueItem): QueueItem {
  const { auth_token_comfy_org: _token, api_key_comfy_org: _key, ...extraData } = item.extraData;
  return { ...item, extraData };
}

async function postQueue(exchange: Exchange): Promise<Response> {
  const { queue, log } = exchange.process;
  const body = await exchange.json();
  if (isTrue(body, "clear")) {
    for (const promptId of queue.clear()) log.emit({ type: "dequeued", promptId });
  }
  for (const promptId of idsIn(body, "delete")) {
    if (queue.delete(promptId)) log.emit({ type: "dequeued", promptId });
  }
  return empty(200);
}

function getHistory({ process, query }: Exchange): Response {
  const maxItems = query.get("max_items");
  const offset = process.settings.profile.historyOffset ? query.get("offset") : null;
  return json(process.queue.entries({
    ...(maxItems !== null && { maxItems: Number(toInt(maxItems)) }),
    ...(offset !== null && { offset: Number(toInt(offset)) }),
  }));
}

function getHistoryEntry({ process, params: { prompt_id: promptId = "" } }: Exchange): Response {
  const entry = process.queue.entry(promptId);
  return json(entry === undefined ? {} : new Map([[promptId, entry]]));
}

async function postHistory(exchange: Exchange): Promise<Response> {
  const { queue } = exchange.process;
  const body = await exchange.json();
  if (isTrue(body, "clear")) queue.clearHistory();
  for (const promptId of idsIn(body, "delete")) queue.deleteHistory(promptId);
  return empty(200);
}

/** The answer never tells whether anything was interrupted. */
async function postInterrupt(exchange: Exchange): Promise<Response> {
  const { process } = exchange;
  const { queue, log, settings: { profile } } = process;
  const target = profile.targetedInterrupt ? await interruptTarget(exchange) : undefined;
  const effective = target === undefined || queue.running?.promptId === target;
  if (effective) process.interrupt();
  const promptId = target === undefined ? undefined : String(target);
  log.emit({ type: "interrupt", promptId, effective });
  return empty(200);
}

/** A body that is no JSON at all means: whatever runs. */
async function interruptTarget(exchange: Exchange): Promise<Json | undefined> {
  let body: Json;
  try {
    body = await exchange.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const promptId = asObject(body).prompt_id ?? null;
  return toBool(promptId) ? promptId : undefined;
}

async function postFree(exchange: Exchange): Promise<Response> {
  const body = asObject(await exchange.json());
  exchange.process.queue.raise({
    ...(toBool(body.unload_models ?? null) && { unloadModels: true }),
    ...(toBool(body.free_memory ?? null) && { freeMemory: true }),
  });
  return empty(200);
}

function isTrue(body: Json, key: string): boolean {
  return contains(body, key) && isObject(body) && toBool(body[key] ?? null);
}

/** Python iterates over whatever it is given: a text gives its characters, an object its keys. */
function idsIn(body: Json, key: string): string[] {
  if (!contains(body, key) || !isObject(body)) return [];
  const ids = body[key] ?? null;
  if (Array.isArray(ids)) return ids.filter((id) => typeof id === "string");
  if (typeof ids === "string") return [...ids];
  if (isObject(ids)) return Object.keys(ids);
  throw new PythonError("TypeError", `'${typeName(ids)}' object is not iterable`);
}

function asObject(body: Json): JsonObject {
  if (isObject(body)) return body;
  throw new PythonError("AttributeError", `'${typeName(body)}' object has no attribute 'get'`);
}

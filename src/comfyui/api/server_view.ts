/** What the server says over HTTP about prompts: queue first, then history. */

import { ComfyError } from "../../errors.ts";
import { type HistoryEntry, parseHistoryEntry } from "./history.ts";
import {
  type HttpApi,
  isSuccess,
  isUnknownRoute,
  parseAnswer,
  SMALL_ANSWER_BYTES,
} from "./http.ts";
import { asArray, asNumber, asObject, asText, isObject, type JsonObject } from "./json.ts";
import type { CallOptions } from "../options.ts";

/** A prompt in the queue. */
export interface QueueItem {
  /** Sort key, the lowest runs first. */
  number: number;
  /** Id of the prompt. */
  promptId: string;
  /** What was posted beside the graph; `client_id` is in it. */
  extraData: JsonObject;
}

/** The server's queue. */
export interface QueueView {
  /** What runs: at most one on a stock server. */
  running: QueueItem[];
  /** What waits, in the order of execution. */
  pending: QueueItem[];
}

/** Where a prompt stands. */
export type PromptState =
  | { type: "pending"; number: number }
  | { type: "running"; number: number }
  | { type: "finished"; entry: HistoryEntry }
  /** Neither queued nor in the history. */
  | { type: "unknown" };

/** Key in `extra_data` under which the posted id survives on servers that choose their own. */
export const MARKER = "client_prompt_id";

/** More prompts than this are looked up by one request for the whole queue. */
const MAX_JOB_REQUESTS = 2;

/** The first ComfyUI that interrupts by name: Comfy-Org/ComfyUI pull request 9607. */
const FIRST_NAMED_INTERRUPT = [0, 3, 57] as const;

/** How far back a server without client-chosen ids is searched for a prompt of ours. */
const SEARCHED_HISTORY = "100";

/** Asks one server. What it is able to do is tried once and remembered until {@linkcode forget}. */
export class ServerView {
  readonly #api: HttpApi;
  #hasJobs: boolean | undefined;
  #features: JsonObject | undefined;
  #interruptsByName: boolean | undefined;

  constructor(api: HttpApi) {
    this.#api = api;
  }

  /** To be called when another server may have come up at the address. */
  forget(): void {
    this.#hasJobs = undefined;
    this.#features = undefined;
    this.#interruptsByName = undefined;
  }

  /** The feature flags; empty for servers that have none. */
  async features(call: CallOptions): Promise<JsonObject> {
    this.#features ??= asObject(
      await this.#api.jsonIfKnown("/features", { ...call, maxBytes: SMALL_ANSWER_BYTES }),
    );
    return this.#features;
  }

  /** True when prompts keep the id they are posted with, which came with the feature flags. */
  async takesIds(call: CallOptions): Promise<boolean> {
    return Object.keys(await this.features(call)).length > 0;
  }

  /**
   * True when an interrupt can name its prompt.
   *
   * That came with 0.3.57. Older servers ignore the name without a word, so it cannot be tried: the
   * version is believed. A server that tells none counts as new if it has feature flags.
   */
  async interruptsByName(call: CallOptions): Promise<boolean> {
    this.#interruptsByName ??= await this.takesIds(call) &&
      !isBefore(await this.#version(call), FIRST_NAMED_INTERRUPT);
    return this.#interruptsByName;
  }

  /** True when the server has the jobs API, and it works. */
  async hasJobs(call: CallOptions): Promise<boolean> {
    if (this.#hasJobs === undefined) {
      // One odd job among others' makes the whole list fail with 500: then it is of no use here.
      const answer = await this.#api.send("/api/jobs", {
        ...call,
        query: { limit: "1" },
        maxBytes: SMALL_ANSWER_BYTES,
      });
      this.#hasJobs = isSuccess(answer);
    }
    return this.#hasJobs;
  }

  /** The queue. */
  async queue(call: CallOptions): Promise<QueueView> {
    const body = await this.#api.json("/queue", call);
    if (!isObject(body) || !Array.isArray(body.queue_running)) {
      throw new ComfyError("bad_answer", "GET /queue: the answer is not a queue; is this ComfyUI?");
    }
    return {
      running: asArray(body.queue_running).flatMap(parseItem),
      pending: asArray(body.queue_pending).flatMap(parseItem).sort(compareItems),
    };
  }

  /** The history entry of a prompt that has ended, `undefined` for any other. */
  async history(promptId: string, call: CallOptions): Promise<HistoryEntry | undefined> {
    const body = await this.#api.json(`/history/${encodeURIComponent(promptId)}`, call);
    return parseHistoryEntry(asObject(body)[promptId]);
  }

  /** Where one prompt stands. */
  async state(promptId: string, call: CallOptions): Promise<PromptState> {
    const states = await this.states([promptId], call);
    return states.get(promptId) ?? { type: "unknown" };
  }

  /**
   * Where prompts stand.
   *
   * The queue is read before the history: a prompt goes from one to the other in one step, so in
   * this order it is seen in one of them, and a prompt in neither is really gone.
   */
  async states(promptIds: string[], call: CallOptions): Promise<Map<string, PromptState>> {
    const states = new Map<string, PromptState>();
    if (promptIds.length <= MAX_JOB_REQUESTS && await this.hasJobs(call)) {
      for (const id of promptIds) states.set(id, await this.#jobState(id, call));
      return states;
    }
    const queued = await this.#jobsUnderWay(call) ?? await this.queue(call);
    for (const id of promptIds) {
      states.set(id, stateInQueue(queued, id) ?? await this.#historyState(id, call));
    }
    return states;
  }

  /** The queue without its prompts, which may be megabytes; undefined where the server has no list. */
  async #jobsUnderWay(call: CallOptions): Promise<QueueView | undefined> {
    if (!await this.hasJobs(call)) return undefined;
    const query = { status: "pending,in_progress" };
    const answer = await this.#api.send("/api/jobs", { ...call, query });
    if (!isSuccess(answer)) return undefined;
    const { jobs } = asObject(parseAnswer(answer, "GET /api/jobs"));
    if (!Array.isArray(jobs)) return undefined;
    const items = (status: string) =>
      jobs.filter(isObject).filter((job) => job.status === status).flatMap((job): QueueItem[] => {
        const promptId = asText(job.id);
        if (promptId === undefined) return [];
        return [{ number: asNumber(job.priority) ?? 0, promptId, extraData: {} }];
      });
    return { running: items("in_progress"), pending: items("pending").sort(compareItems) };
  }

  /** Finds a prompt by the id that we posted it with, on servers that gave it another one. */
  async findMarked(marker: string, call: CallOptions): Promise<string | undefined> {
    const queue = await this.queue(call);
    const item = [...queue.running, ...queue.pending]
      .find(({ extraData }) => extraData[MARKER] === marker);
    if (item !== undefined) return item.promptId;
    const query = { max_items: SEARCHED_HISTORY };
    const history = asObject(await this.#api.json("/history", { ...call, query }));
    return Object.keys(history)
      .find((id) => parseHistoryEntry(history[id])?.extraData[MARKER] === marker);
  }

  async #version(call: CallOptions): Promise<string> {
    const stats = asObject(await this.#api.jsonIfKnown("/system_stats", call));
    return asText(asObject(stats.system).comfyui_version) ?? "";
  }

  async #jobState(id: string, call: CallOptions): Promise<PromptState> {
    const path = `/api/jobs/${encodeURIComponent(id)}`;
    const answer = await this.#api.send(path, call);
    if (isUnknownRoute(answer)) return { type: "unknown" };
    const job = isSuccess(answer) ? asObject(parseAnswer(answer, `GET ${path}`)) : {};
    const number = asNumber(job.priority) ?? 0;
    if (job.status === "pending") return { type: "pending", number };
    if (job.status === "in_progress") return { type: "running", number };
    if (job.status !== undefined) return await this.#historyState(id, call);
    return stateInQueue(await this.queue(call), id) ?? await this.#historyState(id, call);
  }

  async #historyState(id: string, call: CallOptions): Promise<PromptState> {
    const entry = await this.history(id, call);
    return entry === undefined ? { type: "unknown" } : { type: "finished", entry };
  }
}

function stateInQueue(queue: QueueView, id: string): PromptState | undefined {
  const running = queue.running.find(({ promptId }) => promptId === id);
  if (running !== undefined) return { type: "running", number: running.number };
  const pending = queue.pending.find(({ promptId }) => promptId === id);
  return pending && { type: "pending", number: pending.number };
}

function parseItem(item: unknown): QueueItem[] {
  const [number, promptId, , extraData] = asArray(item);
  const id = asText(promptId);
  if (id === undefined) return [];
  return [{ number: asNumber(number) ?? 0, promptId: id, extraData: asObject(extraData) }];
}

/** True for a version number that is surely lower; forks that count otherwise are not. */
function isBefore(version: string, [major, minor, patch]: readonly [number, number, number]) {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return false;
  const [a = 0, b = 0, c = 0] = parts;
  return a !== major ? a < major : b !== minor ? b < minor : c < patch;
}

/** The server serves its heap as it lies in memory; this is the order in which it takes from it. */
function compareItems(a: QueueItem, b: QueueItem): number {
  return a.number - b.number || (a.promptId < b.promptId ? -1 : 1);
}

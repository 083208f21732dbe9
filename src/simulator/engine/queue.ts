/**
 * The prompt queue and its history: all that the server knows of prompts, in memory only.
 *
 * @module
 */

import { heapify, heapPop, heapPush } from "./heap.ts";
import type { Prompt } from "../graph.ts";
import type { JsonObject } from "../json.ts";
import { PythonError } from "../python.ts";

/** A queued prompt. */
export interface QueueItem {
  /** Sort key; lower runs first. */
  readonly number: number;
  /** The prompt's id. */
  readonly promptId: string;
  /** The graph, as validation left it. */
  readonly prompt: Prompt;
  /** `extra_data` of the request, with `client_id` in it. */
  readonly extraData: JsonObject;
  /** Output nodes to execute. */
  readonly outputs: readonly string[];
}

/** The five-element form in which `/queue` and history show an item. */
export type QueueTuple = [number, string, Prompt, JsonObject, readonly string[]];

/** What a run left behind. */
export interface RunResult {
  /** False makes `status_str` `error`. */
  readonly success: boolean;
  /** The messages that history keeps. */
  readonly messages: [event: string, data: JsonObject][];
  /** `ui` outputs by node id. */
  readonly outputs: ReadonlyMap<string, JsonObject>;
  /** Where each of these outputs comes from. */
  readonly meta: ReadonlyMap<string, JsonObject>;
}

/** An entry of the history. */
export interface HistoryEntry {
  /** The item as it was queued. */
  readonly prompt: QueueTuple;
  /** `ui` outputs by node id. */
  readonly outputs: ReadonlyMap<string, JsonObject>;
  /** How the run ended. */
  readonly status: {
    readonly status_str: "success" | "error";
    readonly completed: boolean;
    readonly messages: RunResult["messages"];
  };
  /** Where each output comes from. */
  readonly meta: ReadonlyMap<string, JsonObject>;
}

/** Which part of the history is asked for. */
export interface HistoryRange {
  /** At most so many entries. */
  maxItems?: number;
  /** First entry, counted from the oldest. */
  offset?: number;
}

/** What the server wants done between prompts. */
export interface QueueFlags {
  /** Forget which models are in memory. */
  unloadModels: boolean;
  /** Forget cached results, too. */
  freeMemory: boolean;
}

const HISTORY_LIMIT = 10_000;

const SECRETS = ["auth_token_comfy_org", "api_key_comfy_org"];

/** The queue of one server process. */
export class PromptQueue {
  readonly #onChange: () => void;
  #pending: QueueItem[] = [];
  #running: QueueItem | undefined;
  readonly #history = new Map<string, HistoryEntry>();
  #flags: QueueFlags = { unloadModels: false, freeMemory: false };
  #wake = Promise.withResolvers<void>();

  /** Creates an empty queue; `onChange` is called whenever the number of prompts may have changed. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Prompts that wait or run. */
  get remaining(): number {
    return this.#pending.length + (this.#running ? 1 : 0);
  }

  /** The prompt that runs. */
  get running(): QueueItem | undefined {
    return this.#running;
  }

  /** The waiting prompts in heap order: only the first is sure to be next. */
  get pending(): readonly QueueItem[] {
    return this.#pending;
  }

  /**
   * Adds a prompt.
   *
   * @throws {PythonError} when a waiting prompt has the same number and the same id; the prompt has
   *   been added nevertheless, but nobody is told.
   */
  put(item: QueueItem): void {
    heapPush(this.#pending, item, comesBefore);
    this.#onChange();
    this.#wake.resolve();
  }

  /** Takes the next prompt as running; `undefined` when none waits. */
  take(): QueueItem | undefined {
    const item = heapPop(this.#pending, comesBefore);
    if (item === undefined) return undefined;
    this.#running = item;
    this.#onChange();
    return item;
  }

  /** Resolves when a prompt or a flag may have arrived since the last call. */
  async changed(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }

  /** Moves the running prompt into the history, in one step. */
  finish(item: QueueItem, result: RunResult): void {
    this.#running = undefined;
    if (this.#history.size > HISTORY_LIMIT) this.#dropOldest();
    for (const secret of SECRETS) delete item.extraData[secret];
    this.#history.set(item.promptId, {
      prompt: toTuple(item),
      outputs: result.outputs,
      status: {
        status_str: result.success ? "success" : "error",
        completed: result.success,
        messages: result.messages,
      },
      meta: result.meta,
    });
    this.#onChange();
  }

  /** Drops every waiting prompt. */
  clear(): string[] {
    const ids = this.#pending.map((item) => item.promptId);
    this.#pending = [];
    this.#onChange();
    return ids;
  }

  /** Drops the first waiting prompt with this id; tells whether there was one. */
  delete(promptId: string): boolean {
    const index = this.#pending.findIndex((item) => item.promptId === promptId);
    if (index < 0) return false;
    if (this.#pending.length === 1) {
      this.clear();
    } else {
      this.#pending.splice(index, 1);
      heapify(this.#pending, comesBefore);
    }
    this.#onChange();
    return true;
  }

  /** One entry of the history. */
  entry(promptId: string): HistoryEntry | undefined {
    return this.#history.get(promptId);
  }

  /** A part of the history, oldest first. Without `offset`, `maxItems` counts from the newest. */
  entries({ maxItems, offset = -1 }: HistoryRange = {}): Map<string, HistoryEntry> {
    const all = [...this.#history];
    const first = offset < 0 && maxItems !== undefined ? all.length - maxItems : offset;
    const part = all.slice(Math.max(0, first));
    // The real loop looks at the limit only after it has taken an entry, so it takes at least one.
    return new Map(maxItems === undefined ? part : part.slice(0, Math.max(1, maxItems)));
  }

  /** Empties the history. */
  clearHistory(): void {
    this.#history.clear();
  }

  /** Removes one entry of the history. */
  deleteHistory(promptId: string): void {
    this.#history.delete(promptId);
  }

  /** Asks for something to be done between prompts. */
  raise(flags: Partial<QueueFlags>): void {
    this.#flags = { ...this.#flags, ...flags };
    this.#wake.resolve();
  }

  /** Takes what was asked for. */
  takeFlags(): QueueFlags {
    const flags = this.#flags;
    this.#flags = { unloadModels: false, freeMemory: false };
    return flags;
  }

  #dropOldest(): void {
    const [oldest] = this.#history.keys();
    if (oldest !== undefined) this.#history.delete(oldest);
  }
}

/** An item as `/queue` shows it. */
export function toTuple(item: QueueItem): QueueTuple {
  return [item.number, item.promptId, item.prompt, item.extraData, item.outputs];
}

function comesBefore(a: QueueItem, b: QueueItem): boolean {
  if (a.number !== b.number) return a.number < b.number;
  if (a.promptId !== b.promptId) return a.promptId < b.promptId;
  throw new PythonError("TypeError", "'<' not supported between instances of 'dict' and 'dict'");
}

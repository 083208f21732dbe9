/**
 * What a simulator received and did, for tests and demonstrations: lists to look at, and events to
 * wait for.
 *
 * @module
 */

import type { JsonObject } from "./json.ts";

/** How the execution of a prompt ended; `died` when the server stopped or its executor was lost. */
export type Outcome = "success" | "error" | "interrupted" | "died";

/** Everything that a simulator tells about itself. */
export type SimulatorEvent =
  | { type: "request"; route: string; status: number }
  | { type: "prompt_received"; promptId: string | undefined; status: number }
  | { type: "socket_open"; clientId: string }
  | { type: "socket_close"; clientId: string }
  | { type: "execution_start"; promptId: string }
  | { type: "node_start"; promptId: string; nodeId: string; nodeClass: string }
  | { type: "progress"; promptId: string; nodeId: string; value: number; max: number }
  | { type: "stalled"; promptId: string; nodeId: string; nodeClass: string }
  | { type: "node_end"; promptId: string; nodeId: string; nodeClass: string }
  | { type: "execution_end"; promptId: string; outcome: Outcome }
  | { type: "history_added"; promptId: string }
  | { type: "interrupt"; promptId: string | undefined; effective: boolean }
  | { type: "dequeued"; promptId: string }
  | { type: "down" }
  | { type: "up" };

/** The event of one type. */
export type SimulatorEventOf<Type extends SimulatorEvent["type"]> = Extract<
  SimulatorEvent,
  { type: Type }
>;

/** One `POST /prompt` as it arrived. */
export interface ReceivedPrompt {
  /** The body, parsed; `undefined` when it was no JSON object. */
  readonly body: JsonObject | undefined;
  /** Id given to the prompt, when it was queued. */
  readonly promptId: string | undefined;
  /** `client_id` of the body. */
  readonly clientId: string | undefined;
  /** HTTP status of the answer. */
  readonly status: number;
}

/** One execution of a prompt. */
export interface Execution {
  /** The prompt. */
  readonly promptId: string;
  /** Nodes that ran, in order. */
  readonly nodes: readonly string[];
  /** How it ended; `undefined` while it runs. */
  readonly outcome: Outcome | undefined;
}

/** What was received and executed. Each list keeps the latest thousands of entries only. */
export interface ExecutionRecord {
  /** Every `POST /prompt`, in order. */
  readonly prompts: readonly ReceivedPrompt[];
  /** Every execution, in order of their starts. */
  readonly executions: readonly Execution[];
  /** Every event, in order. */
  readonly events: readonly SimulatorEvent[];
  /** Number of events so far, including those no longer kept; for {@linkcode WhenOptions.since}. */
  readonly total: number;
  /** Number of requests by route, such as `GET /history/{prompt_id}`. */
  readonly requests: ReadonlyMap<string, number>;
  /** Executions of one prompt. */
  executionsOf(promptId: string): Execution[];
}

/** Limits of `Simulator.when()`. */
export interface WhenOptions {
  /** Stops waiting. */
  signal?: AbortSignal;
  /** Ignores this many events from the beginning, such as `record.total` read before an action. @default {0} */
  since?: number;
}

/** Entries kept of each list, so that a demonstration can run for weeks. */
const LIMIT = 5_000;

interface Waiter {
  readonly matches: (event: SimulatorEvent) => boolean;
  readonly resolve: (event: SimulatorEvent) => void;
}

/** The record that the simulator writes. */
export class EventLog implements ExecutionRecord {
  readonly prompts: ReceivedPrompt[] = [];
  readonly executions: { promptId: string; nodes: string[]; outcome: Outcome | undefined }[] = [];
  readonly events: SimulatorEvent[] = [];
  readonly requests = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  #total = 0;

  /** Number of events so far, dropped ones included. */
  get total(): number {
    return this.#total;
  }

  executionsOf(promptId: string): Execution[] {
    return this.executions.filter((execution) => execution.promptId === promptId);
  }

  /** Notes a received prompt. */
  addPrompt(prompt: ReceivedPrompt): void {
    append(this.prompts, prompt);
    this.emit({ type: "prompt_received", promptId: prompt.promptId, status: prompt.status });
  }

  /** Notes an event and wakes whoever waits for it. */
  emit(event: SimulatorEvent): void {
    this.#total++;
    append(this.events, event);
    this.#summarize(event);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(event);
    }
  }

  /**
   * Resolves with the first event of a type, past or to come, for which `matches` is true.
   *
   * @throws the signal's reason when it aborts first.
   */
  async when<Type extends SimulatorEvent["type"]>(
    type: Type,
    matches: (event: SimulatorEventOf<Type>) => boolean = () => true,
    { signal, since = 0 }: WhenOptions = {},
  ): Promise<SimulatorEventOf<Type>> {
    signal?.throwIfAborted();
    const fits = (event: SimulatorEvent): event is SimulatorEventOf<Type> =>
      event.type === type && matches(event as SimulatorEventOf<Type>);
    const dropped = this.#total - this.events.length;
    const past = this.events.slice(Math.max(0, since - dropped)).find(fits);
    return past ?? await this.#next(fits, signal) as SimulatorEventOf<Type>;
  }

  async #next(
    matches: (event: SimulatorEvent) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<SimulatorEvent> {
    const { promise, resolve, reject } = Promise.withResolvers<SimulatorEvent>();
    const waiter = { matches, resolve };
    const abort = () => reject(signal?.reason);
    this.#waiters.add(waiter);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", abort);
    }
  }

  #summarize(event: SimulatorEvent): void {
    if (event.type === "request") {
      this.requests.set(event.route, (this.requests.get(event.route) ?? 0) + 1);
    } else if (event.type === "execution_start") {
      append(this.executions, { promptId: event.promptId, nodes: [], outcome: undefined });
    } else if (event.type === "node_start") {
      this.#running(event.promptId)?.nodes.push(event.nodeId);
    } else if (event.type === "execution_end") {
      const execution = this.#running(event.promptId);
      if (execution) execution.outcome = event.outcome;
    }
  }

  #running(promptId: string) {
    return this.executions.findLast((execution) => execution.promptId === promptId);
  }
}

function append<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > 2 * LIMIT) list.splice(0, LIMIT);
}

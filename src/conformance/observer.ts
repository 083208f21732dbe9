/** What a ComfyUI server itself says of its prompts, asked past the proxy and past the worker. */

import { type ComfyClient, createComfyClient, type HistoryEntry } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { FaultProxy, ProxyEvent } from "./proxy.ts";
import { pause } from "./wait.ts";

/** Route whose answers name the prompts that a server took. */
export const POST_PROMPT = "POST /prompt";

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 25;

/** Longest wait for one answer in milliseconds. */
const ANSWER_MS = 10_000;

/** Looks at a server. */
export interface Observer extends AsyncDisposable {
  /** What the server says of itself, such as `ComfyUI 0.3.64`. @throws {ComfyError} if it is away. */
  describe(signal?: AbortSignal): Promise<string>;
  /** Forgets the prompts so far: what follows is told of those from now on. */
  startAnew(): void;
  /** Resolves when the server has taken a prompt and has none of those it took to run any more. */
  idle(signal: AbortSignal): Promise<void>;
  /** Number of prompts that the server took and ran to their end, as far as it remembers. */
  countExecutions(): Promise<number>;
  /** Milliseconds that the server spent on the last prompt, by its own clock, if it remembers. */
  ownMs(): Promise<number | undefined>;
}

/** Creates an observer; which prompts are the worker's, it learns from the answers in the proxy. */
export function createObserver(url: string, proxy: FaultProxy): Observer {
  const client = createComfyClient({ url, requestTimeoutMs: ANSWER_MS });
  let since = 0;
  const taken = () => takenPrompts(proxy.events.slice(since));
  return {
    async describe(signal) {
      const { version } = await client.systemStats(signal === undefined ? {} : { signal });
      return `ComfyUI ${version ?? "of unknown version"}`;
    },
    startAnew() {
      since = proxy.events.length;
    },
    async idle(signal) {
      await proxy.when("answer", isTaken, { signal, since });
      while (await hasAny(client, new Set(taken()))) {
        await pause(LOOK_MS, signal);
        signal.throwIfAborted();
      }
    },
    async countExecutions() {
      const entries = await Promise.all(taken().map((id) => client.history(id)));
      return entries.filter((entry) => entry !== undefined).length;
    },
    async ownMs() {
      const id = taken().at(-1);
      const entry = id === undefined ? undefined : await client.history(id);
      return entry === undefined ? undefined : durationOf(entry);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function isTaken({ route, status }: { route: string; status: number }): boolean {
  return route === POST_PROMPT && status === 200;
}

/** Ids in the order of posting; one that the server took twice stands there twice. */
function takenPrompts(events: readonly ProxyEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== "answer" || !isTaken(event)) return [];
    return [String(JSON.parse(event.body ?? "{}").prompt_id)];
  });
}

/** A server that cannot be asked just now may still have them. */
async function hasAny(client: ComfyClient, ids: ReadonlySet<string>): Promise<boolean> {
  try {
    const { running, pending } = await client.queue();
    return [...running, ...pending].some(({ promptId }) => ids.has(promptId));
  } catch (error) {
    if (error instanceof ComfyError) return true;
    throw error;
  }
}

function durationOf({ raw }: HistoryEntry): number | undefined {
  const { status } = raw as { status?: { messages?: [string, { timestamp?: number }][] } };
  const timeOf = (name: string) =>
    status?.messages?.find(([message]) => message === name)?.[1].timestamp;
  const [start, end] = [timeOf("execution_start"), timeOf("execution_success")];
  return start === undefined || end === undefined ? undefined : end - start;
}

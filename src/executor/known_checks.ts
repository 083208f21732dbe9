/** Remembers for a moment that requests of a kind can be done, so that a batch is not asked about one by one. */

import type { GenerateRequest } from "../protocol/mod.ts";
import type { CheckResult } from "./messages.ts";

/** How long an answer holds, in milliseconds. Every job is checked again before it runs. */
const HOLDS_MS = 2_000;

/** Kinds that are remembered at once. */
const MOST = 1_000;

/** Checks by the kind of the request. */
export interface KnownChecks {
  /** Answers from memory alone: only what can be done. */
  recall(request: GenerateRequest): CheckResult | undefined;
  /** Answers from memory, with what is being asked already, or asks. */
  check(request: GenerateRequest): Promise<CheckResult>;
  /** Forgets all: the server may have changed. */
  forget(): void;
}

/**
 * Creates an empty memory. Only what can be done is remembered: who is refused may have put that right.
 *
 * @param ask Asks the isolate.
 * @param now Milliseconds on a clock that never goes back.
 */
export function createKnownChecks(
  ask: (request: GenerateRequest) => Promise<CheckResult>,
  now: () => number = () => performance.now(),
): KnownChecks {
  const known = new Map<string, { result: CheckResult; untilMs: number }>();
  const underWay = new Map<string, Promise<CheckResult>>();
  let age = 0;
  const recall = (kind: string) => {
    const found = known.get(kind);
    return found !== undefined && found.untilMs > now() ? found.result : undefined;
  };
  const askAndRemember = async (kind: string, request: GenerateRequest) => {
    const askedAt = age;
    const result = await ask(request);
    if (result.type !== "ok" || askedAt !== age) return result;
    if (known.size >= MOST) known.clear();
    known.set(kind, { result, untilMs: now() + HOLDS_MS });
    return result;
  };
  return {
    recall(request) {
      const kind = kindOf(request);
      return kind === undefined ? undefined : recall(kind);
    },
    async check(request) {
      const kind = kindOf(request);
      if (kind === undefined) return await ask(request);
      const remembered = recall(kind);
      if (remembered !== undefined) return remembered;
      const before = underWay.get(kind);
      if (before !== undefined) {
        const result = await before;
        // A refusal may be due to what only the other one says.
        if (result.type === "ok") return result;
      }
      const asking = askAndRemember(kind, request);
      if (underWay.has(kind)) return await asking;
      underWay.set(kind, asking);
      try {
        return await asking;
      } finally {
        if (underWay.get(kind) === asking) underWay.delete(kind);
      }
    },
    forget() {
      age += 1;
      known.clear();
      underWay.clear();
    },
  };
}

/** Every server looks at the same request. */
const kinds = new WeakMap<GenerateRequest, string>();

/**
 * What two requests have in common that are checked alike: all but names, wording, seed and turn. A file
 * to start from is looked at each time.
 */
function kindOf(request: GenerateRequest): string | undefined {
  if (request.init_image !== undefined) return undefined;
  const known = kinds.get(request);
  if (known !== undefined) return known;
  const { negative_prompt, seed } = request;
  const kind = JSON.stringify({
    ...request,
    id: "",
    prompt: "",
    priority: 0,
    deadline_s: 0,
    negative_prompt: negative_prompt === undefined ? undefined : "",
    seed: seed === undefined ? undefined : 0,
  });
  kinds.set(request, kind);
  return kind;
}

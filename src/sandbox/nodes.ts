/** What a server tells of its node classes, asked once and remembered. */

import type { JsonObject } from "../comfyui/mod.ts";
import type { NodeClasses } from "../workflow/mod.ts";
import type { ServerWatch } from "./server.ts";

/** Longest wait for an answer in milliseconds: whoever asks has only so long himself. */
const ASK_MS = 2_000;

/** An answer about some node classes. */
export interface KnownClasses {
  /** The classes; those that the server lacks are missing. */
  readonly classes: NodeClasses;
  /** True if all were asked for just now, so that asking again would tell nothing new. */
  readonly isFresh: boolean;
}

/** The node classes of one server. */
export interface NodeIndex {
  /**
   * Describes classes, from memory unless `anew`.
   *
   * @throws {ComfyError} if the server cannot be asked.
   */
  describe(names: Iterable<string>, options?: { anew?: boolean }): Promise<KnownClasses>;
  /** Asks for everything anew: the server may be another one now. */
  forget(): void;
}

/** Creates a memory that knows nothing yet. */
export function createNodeIndex({ client }: Pick<ServerWatch, "client">): NodeIndex {
  const known = new Map<string, Promise<JsonObject | undefined>>();
  const ask = (name: string) => {
    const answer = client.objectInfo(name, { timeoutMs: ASK_MS }).then((classes) => classes[name]);
    known.set(name, answer);
    answer.catch(() => {
      if (known.get(name) === answer) known.delete(name);
    });
    return answer;
  };
  return {
    async describe(names, { anew = false } = {}) {
      const wanted = [...new Set(names)];
      const isFresh = anew || wanted.every((name) => !known.has(name));
      const answers = await Promise.all(
        wanted.map(async (name) => {
          return [name, await (anew ? ask(name) : known.get(name) ?? ask(name))] as const;
        }),
      );
      return {
        classes: Object.fromEntries(answers.filter(([, info]) => info !== undefined)),
        isFresh,
      };
    },
    forget: () => known.clear(),
  };
}

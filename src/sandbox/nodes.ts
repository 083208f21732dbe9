/** What a server tells of its node classes, asked once and remembered. */

import type { JsonObject } from "../comfyui/mod.ts";
import { ComfyError } from "../errors.ts";
import type { NodeClasses, Replacements } from "../workflow/mod.ts";
import type { ServerWatch } from "./server.ts";

/** Longest wait for an answer in milliseconds; a server that imports its nodes may take its time. */
const ASK = { timeoutMs: 30_000, bearsWaits: true };

/** An answer about some node classes. */
export interface KnownClasses {
  /** The classes; those that the server lacks are missing. */
  readonly classes: NodeClasses;
  /** Classes that the server puts in place of missing ones, by the names of those. */
  readonly replacements: Replacements;
  /** True if all were asked for just now, so that asking again would tell nothing new. */
  readonly isFresh: boolean;
}

/** How to ask. */
export interface DescribeOptions {
  /** True to forget what is known of the classes. @default {false} */
  anew?: boolean;
  /**
   * Longest wait in milliseconds, in which what comes later is remembered all the same.
   *
   * @default {30000 for each answer, and as long as the server asks to be left alone}
   */
  waitMs?: number;
  /** Gives up. */
  signal?: AbortSignal;
}

/** The node classes of one server. */
export interface NodeIndex {
  /**
   * Describes classes, from memory unless `anew`.
   *
   * @throws {ComfyError} if the server cannot be asked, or does not answer in time.
   */
  describe(names: Iterable<string>, options?: DescribeOptions): Promise<KnownClasses>;
  /** Asks for everything anew: the server may be another one now. */
  forget(): void;
}

/** Creates a memory that knows nothing yet. */
export function createNodeIndex({ client }: Pick<ServerWatch, "client">): NodeIndex {
  const known = new Map<string, Promise<JsonObject | undefined>>();
  /** The same once answered: each job asks for all of its classes. */
  const told = new Map<string, JsonObject>();
  let replacements: Promise<Replacements> | undefined;
  const ask = (name: string) => {
    const answer = client.objectInfo(name, ASK).then((classes) => classes[name]);
    known.set(name, answer);
    told.delete(name);
    answer.then((info) => {
      if (info !== undefined && known.get(name) === answer) told.set(name, info);
    }, () => {
      if (known.get(name) === answer) known.delete(name);
    });
    return answer;
  };
  // That a class is missing is known without it.
  const askReplacements = () =>
    client.nodeReplacements(ASK).catch((error): Replacements => {
      replacements = undefined;
      if (error instanceof ComfyError) return {};
      throw error;
    });
  const describe = async (wanted: readonly string[], anew: boolean): Promise<KnownClasses> => {
    const isFresh = anew || wanted.every((name) => !known.has(name));
    const answers = await Promise.all(
      wanted.map(async (name) => {
        return [name, await (anew ? ask(name) : known.get(name) ?? ask(name))] as const;
      }),
    );
    const classes = Object.fromEntries(answers.filter(([, info]) => info !== undefined));
    const isWhole = wanted.every((name) => Object.hasOwn(classes, name));
    return {
      classes,
      replacements: isWhole ? {} : await (replacements ??= askReplacements()),
      isFresh,
    };
  };
  return {
    async describe(names, { anew = false, waitMs, signal } = {}) {
      const wanted = [...new Set(names)];
      if (!anew && wanted.length > 0 && wanted.every((name) => told.has(name))) {
        signal?.throwIfAborted();
        const classes = Object.fromEntries(wanted.map((name) => [name, told.get(name)!]));
        return { classes, replacements: {}, isFresh: false };
      }
      return await within({ waitMs, signal }, describe(wanted, anew));
    },
    forget() {
      known.clear();
      told.clear();
      replacements = undefined;
    },
  };
}

/** Waits no longer than that; the work itself goes on. */
async function within<T>(
  { waitMs, signal }: { waitMs: number | undefined; signal: AbortSignal | undefined },
  work: Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = `ComfyUI has told nothing of its node classes within ${waitMs} ms`;
  const end = () => reject(new ComfyError("timeout", late));
  const timer = waitMs === undefined ? undefined : setTimeout(end, waitMs);
  const leave = () => reject(signal?.reason);
  signal?.addEventListener("abort", leave, { once: true });
  work.catch(() => {});
  try {
    signal?.throwIfAborted();
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}

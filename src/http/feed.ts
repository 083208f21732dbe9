/** Updates for listeners that come and go, with those of a while ago for who was away. */

import type { Update } from "../protocol/mod.ts";

/** An update with its place. */
export interface FedUpdate {
  /** The update, numbered. */
  readonly update: Update;
  /** Its number in this life of the worker. */
  readonly seq: number;
}

/** Where listeners listen. */
export interface UpdateFeed {
  /** Which life of the worker this is. */
  readonly epoch: number;
  /** Calls for every update from now on, until the result is disposed of. */
  listen(hear: (fed: FedUpdate) => void): Disposable;
  /** Those after a number, oldest first; `undefined` if some of them are forgotten already. */
  since(seq: number): readonly FedUpdate[] | undefined;
  /** The last preview of a job that runs, or nothing. */
  lastPreview(jobId: string): string | undefined;
}

/** Updates kept for who was away: some minutes of a busy worker. */
const KEPT = 10_000;

/** Jobs whose last preview is remembered. */
const MAX_PREVIEWS = 1_000;

/** Creates a feed and what puts updates into it. */
export function createUpdateFeed(epoch: number): UpdateFeed & { put(fed: FedUpdate): void } {
  const kept: FedUpdate[] = [];
  const listeners = new Set<(fed: FedUpdate) => void>();
  const previews = new Map<string, string>();
  let firstKept = 1;
  return {
    epoch,
    put(fed) {
      kept.push(fed);
      if (kept.length >= 2 * KEPT) {
        firstKept = kept[KEPT]!.seq;
        kept.splice(0, KEPT);
      }
      notePreview(previews, fed.update);
      for (const hear of listeners) hear(fed);
    },
    listen(hear) {
      listeners.add(hear);
      return { [Symbol.dispose]: () => void listeners.delete(hear) };
    },
    since(seq) {
      if (seq + 1 < firstKept) return undefined;
      return kept.filter((fed) => fed.seq > seq);
    },
    lastPreview: (jobId) => previews.get(jobId),
  };
}

function notePreview(previews: Map<string, string>, update: Update): void {
  if (update.type === "job_finished") previews.delete(update.job_id);
  if (update.type !== "preview") return;
  if (!previews.has(update.job_id) && previews.size >= MAX_PREVIEWS) return;
  previews.set(update.job_id, update.image_path);
}

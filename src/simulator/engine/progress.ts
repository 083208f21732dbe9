/**
 * Progress of the nodes of one run, and the messages that tell of it.
 *
 * @module
 */

import type { Clients } from "../clients.ts";
import {
  describedPreviewPayload,
  PREVIEW,
  PREVIEW_WITH_METADATA,
  previewPayload,
  type SentImage,
} from "../frames.ts";
import type { JsonObject } from "../json.ts";

/** Least time and share of the whole between two updates without a preview, where they are throttled. */
const THROTTLE = { ms: 100, share: 0.005 };

/** What decides how progress is told. */
export interface ProgressOptions {
  /** False for versions that do not know `progress_state`. */
  readonly sendsState: boolean;
  /** True for versions that drop updates which follow too fast. */
  readonly throttles: boolean;
  /** Unix milliseconds. */
  now(): number;
}

interface NodeProgress {
  value: number;
  max: number;
  state: "running" | "finished";
}

/** Progress of the nodes touched so far by a run. */
export class Progress {
  readonly #promptId: string;
  readonly #clients: Clients;
  readonly #options: ProgressOptions;
  #last: { id: string; value: number; atMs: number } | undefined;
  readonly #nodes = new Map<string, NodeProgress>();

  /** Begins with no node. */
  constructor(promptId: string, clients: Clients, options: ProgressOptions) {
    this.#promptId = promptId;
    this.#clients = clients;
    this.#options = options;
  }

  /** A node begins, perhaps after it had to wait for more. */
  start(id: string): void {
    this.#nodes.set(id, this.#nodes.get(id) ?? { value: 0, max: 1, state: "running" });
    this.#sendState();
  }

  /** A node reports; false when that came too soon to be told. The two kinds of preview stand at different places among the messages. */
  update(id: string, value: number, max: number, image: SentImage | undefined): boolean {
    if (image === undefined && this.#comesTooSoon(id, value, max)) return false;
    this.#last = { id, value, atMs: this.#options.now() };
    const { current } = this.#clients;
    const described = this.#clients.takesPreviewMetadata(current);
    this.#nodes.set(id, { value, max, state: "running" });
    this.#sendState();
    if (image && described) {
      const payload = describedPreviewPayload(image, this.#describe(id));
      this.#clients.sendBinary(PREVIEW_WITH_METADATA, payload, current);
    }
    const data = { value, max, prompt_id: this.#promptId, node: id };
    this.#clients.send("progress", data, current);
    if (image && !described) this.#clients.sendBinary(PREVIEW, previewPayload(image), current);
    return true;
  }

  #comesTooSoon(id: string, value: number, max: number): boolean {
    const last = this.#last;
    if (!this.#options.throttles || last?.id !== id || value >= max) return false;
    return this.#options.now() - last.atMs < THROTTLE.ms ||
      value - last.value < max * THROTTLE.share;
  }

  /** A node has ended, or was found in the cache. */
  finish(id: string): void {
    const max = this.#nodes.get(id)?.max ?? 1;
    this.#nodes.set(id, { value: max, max, state: "finished" });
    this.#sendState();
  }

  #sendState(): void {
    if (!this.#options.sendsState) return;
    const nodes = new Map<string, JsonObject>();
    for (const [id, { value, max, state }] of this.#nodes) {
      nodes.set(id, { value, max, state, ...this.#describe(id) });
    }
    const data = { prompt_id: this.#promptId, nodes };
    this.#clients.send("progress_state", data, this.#clients.current);
  }

  #describe(id: string): JsonObject {
    return {
      node_id: id,
      prompt_id: this.#promptId,
      display_node_id: id,
      parent_node_id: null,
      real_node_id: id,
    };
  }
}

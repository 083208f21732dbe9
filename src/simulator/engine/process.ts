/**
 * All that a ComfyUI process holds in memory. A restart is a new one of these.
 *
 * @module
 */

import { ResultCache } from "./cache.ts";
import { Catalogue } from "../validation/catalogue.ts";
import { Clients } from "../clients.ts";
import { executePrompts } from "./executor.ts";
import type { FaultBook } from "../faults.ts";
import type { JsonObject } from "../json.ts";
import { findFile } from "../files/locate.ts";
import { ModelLibrary } from "../files/models.ts";
import type { Settings } from "../options.ts";
import { PromptQueue } from "./queue.ts";
import type { EventLog } from "../record.ts";
import type { FileArea, FileStore } from "../files/store.ts";
import type { ValidationContext } from "../validation/inputs.ts";

/** Below this much free memory results of earlier prompts are dropped. */
const MEMORY_FOR_OLD_RESULTS = 128 * 2 ** 30;

/** What outlives a process: its options, the files and who watches. */
export interface ProcessContext {
  /** The options. */
  readonly settings: Settings;
  /** The file areas. */
  readonly files: Readonly<Record<FileArea, FileStore>>;
  /** Armed faults. */
  readonly faults: FaultBook;
  /** The record to write. */
  readonly log: EventLog;
}

/** One life of the simulated server. */
export class ComfyProcess {
  /** The options. */
  readonly settings: Settings;
  /** The file areas. */
  readonly files: ProcessContext["files"];
  /** Armed faults. */
  readonly faults: FaultBook;
  /** The record to write. */
  readonly log: EventLog;
  /** The model files. */
  readonly models: ModelLibrary;
  /** The node classes. */
  readonly catalogue: Catalogue;
  /** The connected clients. */
  readonly clients: Clients;
  /** The prompts. */
  readonly queue: PromptQueue;
  /** TCP connections that have become WebSockets, by the port from which the gate passes them on. */
  readonly socketConnections = new Set<number>();
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #counter = 0;
  #isInterrupted = false;

  /** Starts a process with empty memory. */
  constructor({ settings, files, faults, log }: ProcessContext) {
    this.settings = settings;
    this.files = files;
    this.faults = faults;
    this.log = log;
    this.models = new ModelLibrary(settings.models);
    this.catalogue = new Catalogue(this.models, settings.profile.newNodes);
    this.clients = new Clients({ features: this.features, status: () => this.status() });
    this.queue = new PromptQueue(() => this.clients.announceStatus());
    this.#running = this.#execute();
  }

  /** Aborts when the process ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Answer to `/features`; `undefined` when the version has none. */
  get features(): JsonObject | undefined {
    const { profile, maxUploadBytes } = this.settings;
    if (!profile.progressState) return undefined;
    return {
      supports_preview_metadata: true,
      max_upload_size: maxUploadBytes,
      ...profile.extraFeatures as JsonObject,
    };
  }

  /** What validation needs to know. */
  get validation(): ValidationContext {
    const { catalogue, settings: { profile }, files } = this;
    return {
      catalogue,
      profile,
      inputFileExists: async (name) => await findFile(name, files) !== undefined,
    };
  }

  /** The queue's length as `status` and `GET /prompt` tell it. */
  status(): JsonObject {
    return { exec_info: { queue_remaining: this.queue.remaining } };
  }

  /** Takes the next number for a prompt. */
  nextNumber(): number {
    return this.#counter++;
  }

  /** Sets the interrupt flag; it acts where the run next looks at it. */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  /** Ends the process: whatever ran is gone. */
  async stop(): Promise<void> {
    this.#abort.abort(new DOMException("The simulated server stopped", "AbortError"));
    await this.#running;
  }

  async #execute(): Promise<void> {
    const { settings, catalogue, clients, queue, files, faults, log } = this;
    await executePrompts({
      settings,
      catalogue,
      clients,
      queue,
      files,
      faults,
      log,
      cache: new ResultCache(keepsAll(settings)),
      loadedModels: new Set(),
      takeInterrupt: () => this.#takeInterrupt(),
      signal: this.#abort.signal,
    });
  }

  #takeInterrupt(): boolean {
    const isSet = this.#isInterrupted;
    this.#isInterrupted = false;
    return isSet;
  }
}

function keepsAll({ profile, freeMemoryBytes }: Settings): boolean {
  return profile.cache === "memory" && freeMemoryBytes >= MEMORY_FOR_OLD_RESULTS;
}

/** The client of one ComfyUI server, put together from its parts. */

import { ComfyError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { createAlarm } from "./alarm.ts";
import { type CancelContext, cancelPrompt } from "./run/cancel.ts";
import { type Clock, delayBy, laterBy } from "./clock.ts";
import type { ComfyClient } from "./comfy_client.ts";
import { type Beginning, follow, type FollowContext } from "./run/follow.ts";
import type { HistoryEntry } from "./api/history.ts";
import { type Access, openAccess } from "./api/access.ts";
import { HttpApi } from "./api/http.ts";
import { fetchOnce, openWebSocket } from "./api/transport.ts";
import {
  type ModelDetails,
  modelDetails,
  models,
  nodeReplacements,
  objectInfo,
  type ServerFeatures,
  type SystemStats,
  systemStats,
} from "./api/info.ts";
import type { JsonObject } from "./api/json.ts";
import type {
  CallOptions,
  CancelOptions,
  ComfyClientOptions,
  FollowOptions,
  ReadOptions,
  RunOptions,
  UploadOptions,
} from "./options.ts";
import { PromptRun, type PromptRunOptions } from "./run/prompt_run.ts";
import { type QueueView, ServerView } from "./api/server_view.ts";
import { closedError, EventSocket } from "./api/socket.ts";
import { type Submission, submit, type SubmitContext } from "./api/submit.ts";
import type { CancelOutcome, ComfyEvent, ImageRef, PromptGraph, PromptStatus } from "./types.ts";
import { findUpload, hasUpload, uploadImage } from "./api/upload.ts";
import { readImage } from "./api/view.ts";
import { PromptWatch } from "./run/watch.ts";

const DEFAULT_REQUEST_MS = 10_000;
const DEFAULT_CONNECT_MS = 5_000;
const DEFAULT_CANCEL_MS = 5_000;
const DEFAULT_ATTEMPTS = 3;

/**
 * Creates a client. Nothing is opened before it is used.
 *
 * @throws {TypeError} When the address is no http or https URL.
 */
export function createComfyClient(options: ComfyClientOptions): ComfyClient {
  return new Client(options);
}

class Client implements ComfyClient {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #requestTimeoutMs: number;
  readonly #allowGlobalInterrupt: boolean;
  readonly #api: HttpApi;
  readonly #view: ServerView;
  readonly #socket: EventSocket;
  readonly #watch: PromptWatch;
  readonly #submit: SubmitContext;
  readonly #follow: FollowContext;
  #isClosed = false;

  constructor(options: ComfyClientOptions) {
    const { quietMs = 1_000, unreachableMs = 30_000, logger = silentLogger } = options;
    const clock = toClock(options);
    this.#clock = clock;
    this.#logger = logger;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_MS;
    this.#allowGlobalInterrupt = options.allowGlobalInterrupt ?? false;
    const access = openAccess(options.url, options.headers);
    this.#api = createApi(options, access, clock, this.#requestTimeoutMs);
    this.#view = new ServerView(this.#api);
    this.#socket = this.#createSocket(options, access);
    this.#watch = new PromptWatch({
      socket: this.#socket,
      server: this.#view,
      clock,
      quietMs,
      unreachableMs,
      logger,
    });
    this.#submit = { api: this.#api, view: this.#view, clock, logger, unreachableMs };
    this.#follow = {
      clock,
      watch: (run, stallMs) => this.#watch.add(run, stallMs),
      unwatch: (run) => this.#watch.remove(run),
      cancel: (promptId, timeoutMs) => this.cancel(promptId, { timeoutMs }),
      warn: (message, fields) => logger.log("warn", message, fields),
    };
  }

  get clientId(): string {
    return this.#socket.clientId;
  }

  async connect(options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.#socket.isDoubted) await this.#socket.recycle();
    if (this.#socket.isOpen) return;
    using deadline = this.#api.startDeadline("Opening the event socket", options);
    await this.#socket.ensureOpen({ signal: deadline.signal });
  }

  async reach(options: CallOptions = {}): Promise<ComfyError | undefined> {
    try {
      await this.connect(options);
      return undefined;
    } catch (error) {
      if (this.#isClosed || options.signal?.aborted || !(error instanceof ComfyError)) throw error;
      await this.#view.queue(options);
      this.#socket.rest(error);
      return error;
    }
  }

  run(graph: PromptGraph, options: RunOptions = {}): AsyncGenerator<ComfyEvent, void, undefined> {
    return follow(this.#follow, options, async (prepared) => {
      await this.#prepare(prepared);
      const { promptId = crypto.randomUUID(), previewMethod = "default" } = options;
      const previews = previewMethod === "default" ? {} : { preview_method: previewMethod };
      const extraData = { ...options.extraData, ...previews };
      const run = this.#createRun({ promptId, graph, isNew: true });
      const begin: Beginning["begin"] = async (signal, giveUp) => {
        const prompt = { graph, spelled: options.spelled ?? graph, promptId, extraData };
        return await this.#post(run, prompt, signal, giveUp) ? "answered" : "doubtful";
      };
      return { run, begin };
    });
  }

  attach(
    promptId: string,
    options: FollowOptions & { graph?: PromptGraph } = {},
  ): AsyncGenerator<ComfyEvent, void, undefined> {
    return follow(this.#follow, options, async (prepared) => {
      await this.#prepare(prepared);
      const run = this.#createRun({ promptId, graph: options.graph, isNew: false });
      const begin: Beginning["begin"] = async (signal) => {
        await this.#adopt(run, signal);
        return "answered";
      };
      return { run, begin };
    });
  }

  async state(promptId: string, options: CallOptions = {}): Promise<PromptStatus> {
    const state = await this.#view.state(promptId, options);
    return state.type;
  }

  async cancel(promptId: string, options: CancelOptions = {}): Promise<CancelOutcome> {
    const { allowGlobalInterrupt = this.#allowGlobalInterrupt, signal } = options;
    const { timeoutMs = DEFAULT_CANCEL_MS } = options;
    const context: CancelContext = {
      api: this.#api,
      view: this.#view,
      clock: this.#clock,
      find: (id, call) => this.#find(id, call),
    };
    const request = { allowGlobalInterrupt, timeoutMs, signal };
    const outcome = await cancelPrompt(context, promptId, request);
    this.#watch.lookNow(promptId);
    return outcome;
  }

  systemStats(options: CallOptions = {}): Promise<SystemStats> {
    return systemStats(this.#api, options);
  }

  async features(options: CallOptions = {}): Promise<ServerFeatures> {
    const flags = await this.#view.features(options);
    return { flags, hasJobs: await this.#view.hasJobs(options) };
  }

  objectInfo(nodeClass?: string, options: CallOptions = {}): Promise<Record<string, JsonObject>> {
    return objectInfo(this.#api, nodeClass, options);
  }

  nodeReplacements(options: CallOptions = {}): Promise<Record<string, string>> {
    return nodeReplacements(this.#api, options);
  }

  models(folder: string, options: CallOptions = {}): Promise<string[]> {
    return models(this.#api, folder, options);
  }

  modelDetails(folder: string, options: CallOptions = {}): Promise<ModelDetails[] | undefined> {
    return modelDetails(this.#api, folder, options);
  }

  async free(options: CallOptions = {}): Promise<void> {
    await this.#api.command("/free", { unload_models: true, free_memory: true }, options);
  }

  queue(options: CallOptions = {}): Promise<QueueView> {
    return this.#view.queue(options);
  }

  history(promptId: string, options: CallOptions = {}): Promise<HistoryEntry | undefined> {
    return this.#view.history(promptId, options);
  }

  read(image: ImageRef, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const { timeoutMs = this.#requestTimeoutMs, attempts = DEFAULT_ATTEMPTS } = options;
    const context = { api: this.#api, clock: this.#clock };
    return readImage(context, image, { ...options, timeoutMs, attempts });
  }

  upload(
    bytes: Uint8Array<ArrayBuffer>,
    filename: string,
    options: UploadOptions = {},
  ): Promise<ImageRef> {
    return uploadImage(this.#api, bytes, filename, options);
  }

  async findUpload(
    bytes: Uint8Array,
    filename: string,
    options: CallOptions & { subfolder?: string } = {},
  ): Promise<ImageRef | undefined> {
    const { assets } = await this.#view.features(options);
    return assets === true ? await findUpload(this.#api, bytes, filename, options) : undefined;
  }

  hasUpload(image: ImageRef, options: CallOptions = {}): Promise<boolean> {
    return hasUpload(this.#api, image, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#watch.close(closedError()), this.#socket.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #createSocket(options: ComfyClientOptions, { headers, redact }: Access): EventSocket {
    const { reconnect = {}, connectTimeoutMs = DEFAULT_CONNECT_MS, closeTimeoutMs = 2_000 } =
      options;
    return new EventSocket({
      clientId: options.clientId ?? crypto.randomUUID(),
      urlFor: (clientId) => this.#socketUrl(clientId),
      createWebSocket: options.createWebSocket ?? openWebSocket,
      headers,
      redact,
      clock: this.#clock,
      connectTimeoutMs,
      closeTimeoutMs,
      initialMs: reconnect.initialMs ?? 100,
      maxMs: reconnect.maxMs ?? 2_000,
      logger: this.#logger,
      onEvent: (event) => this.#watch.receive(event),
      onState: (state) => {
        if (state === "lost") this.#view.forget();
        this.#watch.connectionChanged(state);
      },
    });
  }

  #socketUrl(clientId: string): URL {
    const url = this.#api.url("/ws", { clientId });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  /** Opens the socket; where only that fails, the server is asked how the prompt fares instead. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const missing = await this.reach({ signal });
    if (missing === undefined) return;
    this.#logger.log("warn", "Continuing without the event socket", { error: missing.message });
  }

  #createRun(prompt: Pick<PromptRunOptions, "promptId" | "graph" | "isNew">): PromptRun {
    return new PromptRun({
      ...prompt,
      clientId: this.#socket.clientId,
      socket: this.#socket,
      now: this.#clock.now,
    });
  }

  /** Posts the prompt; whatever comes of it, the run learns it. False if it has not been taken, or nobody knows. */
  async #post(
    run: PromptRun,
    prompt: Pick<Submission, "graph" | "spelled" | "promptId" | "extraData">,
    signal: AbortSignal,
    postSignal: AbortSignal,
  ): Promise<boolean> {
    this.#watch.postBegins();
    try {
      const submission = { ...prompt, clientId: this.#socket.clientId, postSignal };
      const { promptId, number, refusal } = await submit(this.#submit, submission, { signal });
      if (refusal !== undefined) {
        await this.#withdraw(promptId, signal);
        throw refusal;
      }
      this.#watch.postEnds(run, promptId, number);
      return true;
    } catch (error) {
      this.#watch.postFails();
      run.fail(error);
      return false;
    }
  }

  /** Takes back a prompt of which only a part would run; the refusal is what counts. */
  async #withdraw(promptId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.cancel(promptId, { signal });
    } catch (error) {
      const message = "A prompt that was refused in part could not be cancelled";
      this.#logger.log("warn", message, { promptId, error: String(error) });
    }
  }

  /** Finds a prompt that was posted before, and feeds the run with where it stands. */
  async #adopt(run: PromptRun, signal: AbortSignal): Promise<void> {
    this.#watch.postBegins();
    try {
      const { promptId, state } = await this.#find(run.promptId, { signal });
      if (state.type === "unknown") this.#watch.postFails();
      else {this.#watch.postEnds(
          run,
          promptId,
          state.type === "finished" ? undefined : state.number,
        );}
      run.observe(state);
    } catch (error) {
      this.#watch.postFails();
      throw error;
    }
  }

  /** A server that chooses ids knows the prompt by another one than it was posted with. */
  async #find(promptId: string, call: CallOptions) {
    const state = await this.#view.state(promptId, call);
    if (state.type !== "unknown" || await this.#view.takesIds(call)) return { promptId, state };
    const found = await this.#view.findMarked(promptId, call) ?? promptId;
    return { promptId: found, state: await this.#view.state(found, call) };
  }
}

function createApi(
  options: ComfyClientOptions,
  access: Access,
  clock: Clock,
  timeoutMs: number,
): HttpApi {
  return new HttpApi({
    access,
    fetch: options.fetch ?? fetchOnce,
    clock,
    timeoutMs,
    maxBodyBytes: options.maxBodyBytes ?? 64 * 1024 * 1024,
  });
}

function toClock(options: ComfyClientOptions): Clock {
  const { delay, later = delay === undefined ? createAlarm() : laterBy(delay) } = options;
  return {
    now: options.now ?? (() => performance.now()),
    delay: delay ?? delayBy(later),
    later,
    random: options.random ?? (() => Math.random()),
  };
}

/**
 * One prompt as the client sees it: server events and HTTP answers in, {@linkcode ComfyEvent}s out.
 */

import { ComfyError } from "../../errors.ts";
import { SocketAccount } from "../progress/account.ts";
import { EventChannel } from "../api/channel.ts";
import type { NodeProgress, ServerEvent } from "../api/events.ts";
import { executionError, interruptedError, isBlocked } from "../failures.ts";
import type { HistoryEntry } from "../api/history.ts";
import { resultImages } from "../api/images.ts";
import { sendsImages } from "../graph.ts";
import type { PromptState } from "../api/server_view.ts";
import type { ImageRef, PromptGraph } from "../types.ts";

/** What a run knows of the event socket at the moment. */
export interface SocketState {
  /** Counts the links. */
  readonly generation: number;
  /** True while there is a link. */
  readonly isOpen: boolean;
}

/** Options of {@linkcode PromptRun}. */
export interface PromptRunOptions {
  /** Id of the prompt. */
  promptId: string;
  /** Client id that it is posted under. */
  clientId: string;
  /** The graph, for names in messages. */
  graph?: PromptGraph | undefined;
  /** True if the prompt is yet to be posted, so that the socket can tell all of it. */
  isNew: boolean;
  /** The event socket. */
  socket: SocketState;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** What an observation over HTTP says of the event socket. */
export type Verdict = "plausible" | "missed";

/** Folds everything that is learned of a prompt into its event stream, which ends once. */
export class PromptRun {
  readonly channel: EventChannel = new EventChannel();
  readonly #clientId: string;
  readonly #graph: PromptGraph | undefined;
  readonly #socket: SocketState;
  readonly #now: () => number;
  #promptId: string;
  #isAccepted = false;
  #hasStarted = false;
  #isPolling = false;
  #heardEnd = false;
  #hasProgressState = false;
  #lastNode: string | undefined;
  /** When something was last heard of this prompt, over the socket or as a change over HTTP. */
  #lastSignAt: number;
  /**
   * The link under which the prompt was last known not to have ended; what it misses since is
   * missed.
   */
  #aliveUnder: number | undefined;
  readonly #account: SocketAccount | undefined;
  readonly #images = new Map<string, ImageRef[]>();
  readonly #finished = new Set<string>();
  readonly #executing = new Set<string>();
  readonly #cached = new Set<string>();
  readonly #progress = new Map<string, { value: number; max: number }>();
  readonly #activities = new Map<string, string | undefined>();

  constructor(options: PromptRunOptions) {
    this.#promptId = options.promptId;
    this.#clientId = options.clientId;
    this.#graph = options.graph;
    this.#socket = options.socket;
    this.#now = options.now;
    this.#lastSignAt = options.now();
    const { graph, isNew, socket } = options;
    if (graph !== undefined && isNew && socket.isOpen) this.#account = new SocketAccount(graph);
  }

  /** Id that the server uses. */
  get promptId(): string {
    return this.#promptId;
  }

  /** True once the server is known to have taken it. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** True once it is known to run. */
  get isRunning(): boolean {
    return this.#hasStarted;
  }

  /** When something was last heard of it. */
  get lastSignAt(): number {
    return this.#lastSignAt;
  }

  /** The server took the prompt; told once. */
  accept(promptId: string, number: number | undefined): void {
    this.#isAccepted = true;
    this.#promptId = promptId;
    this.#noteAlive();
    this.channel.push({
      type: "queued",
      promptId,
      clientId: this.#clientId,
      ...(number === undefined ? {} : { number }),
    });
  }

  /** Ends the run with an error. */
  fail(error: unknown): void {
    this.channel.fail(error);
  }

  /** Messages may have been missed: only the history tells the end. */
  doubt(): void {
    this.#account?.doubt();
  }

  /** The event socket broke or came back. */
  connectionChanged(state: "lost" | "restored"): void {
    this.doubt();
    this.#announce(state);
  }

  #announce(state: "lost" | "restored"): void {
    this.#isPolling = false;
    this.channel.push({ type: "connection", state });
  }

  /** Takes a message that concerns this prompt. */
  receive(event: ServerEvent): void {
    if (this.channel.isEnded) return;
    this.#sign();
    if (this.#isPolling) this.#announce("restored");
    this.#account?.note(event);
    switch (event.type) {
      case "execution_start":
        return this.#start();
      case "execution_cached":
        return this.#takeCached(event.nodes);
      case "executing":
        return this.#takeExecuting(event.node, event.displayNode);
      case "progress_state":
        return this.#takeProgressState(event.nodes);
      case "progress":
        return this.#takeProgress(event.node ?? this.#lastNode, event.value, event.max);
      case "preview":
        return this.#takePreview(event);
      case "executed":
        this.#images.set(event.node, event.images);
        return this.channel.push(pick(event));
      case "execution_success":
        return;
      case "execution_done":
        return this.#takeEnd();
      case "execution_error":
        if (isBlocked(event.failure)) return;
        return this.fail(executionError(event.failure, this.#graph));
      case "execution_interrupted":
        return this.fail(interruptedError(this.#promptId, event.nodeId));
    }
  }

  /**
   * Takes what the server says over HTTP.
   *
   * @returns `missed` when the link that was open all the time should have told it first.
   */
  observe(state: PromptState): Verdict {
    if (this.channel.isEnded) return "plausible";
    switch (state.type) {
      case "pending":
        this.#noteAlive();
        return "plausible";
      case "running":
        return this.#observeRunning();
      case "finished":
        return this.#observeFinished(state.entry);
      case "unknown":
        this.fail(this.#goneError());
        return "plausible";
    }
  }

  /** Says that the socket is silent and the server is asked instead. */
  #startPolling(): void {
    if (!this.#socket.isOpen) {
      // What the server says is all that there is: it counts as a sign of life each time.
      this.#lastSignAt = this.#now();
      this.channel.push({ type: "connection", state: "absent" });
      return;
    }
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.channel.push({ type: "connection", state: "polling" });
  }

  #observeRunning(): Verdict {
    const missed = !this.#hasStarted && this.#wasHeardAlive();
    if (missed) this.doubt();
    if (!this.#hasStarted) this.#sign();
    this.#noteAlive();
    this.#start();
    this.#startPolling();
    return missed ? "missed" : "plausible";
  }

  #observeFinished(entry: HistoryEntry): Verdict {
    const missed = !this.#heardEnd && this.#wasHeardAlive();
    this.#complete(entry);
    return missed ? "missed" : "plausible";
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.channel.push({ type: "started", promptId: this.#promptId });
  }

  #takeCached(nodes: string[]): void {
    for (const node of nodes) this.#cached.add(node);
    this.channel.push({ type: "cached", nodes });
  }

  #takeExecuting(node: string, displayNode: string): void {
    this.#start();
    const previous = this.#lastNode;
    if (!this.#hasProgressState && previous !== undefined && previous !== node) {
      this.#finishNode(previous);
    }
    this.#lastNode = node;
    this.#executing.add(node);
    this.channel.push({ type: "executing", node, displayNode });
  }

  #takeProgressState(nodes: NodeProgress[]): void {
    this.#hasProgressState = true;
    for (let index = 0; index < nodes.length; index += 1) {
      const { node, value, max, finished, activity } = nodes[index]!;
      if (!finished) this.#takeActivity(node, activity);
      if (finished) this.#finishNode(node);
      else if (max !== 1 || value !== 0) this.#takeProgress(node, value, max);
    }
  }

  #takeActivity(node: string, activity: string | undefined): void {
    if (this.#activities.get(node) === activity) return;
    this.#activities.set(node, activity);
    this.channel.push({ type: "activity", node, activity });
  }

  /** Both kinds of message tell the same; a repetition tells nothing new. */
  #takeProgress(node: string | undefined, value: number, max: number): void {
    if (node === undefined) return;
    const seen = this.#progress.get(node);
    if (seen === undefined) this.#progress.set(node, { value, max });
    else {
      if (seen.value === value && seen.max === max) return;
      seen.value = value;
      seen.max = max;
    }
    this.channel.push({ type: "progress", node, value, max });
  }

  /** Where the socket told all, the history could add nothing. */
  #takeEnd(): void {
    this.#heardEnd = true;
    if (this.#account?.isWhole && resultImages(this.#images).length > 0) this.#succeed();
  }

  #finishNode(node: string): void {
    if (this.#finished.has(node)) return;
    this.#finished.add(node);
    this.channel.push({ type: "node_finished", node });
  }

  #takePreview(event: ServerEvent & { type: "preview" }): void {
    const node = event.node ?? this.#lastNode;
    const { mimeType, image } = event;
    if (node !== undefined && mimeType === "image/png" && this.#sendsImages(node)) {
      return this.channel.push({ type: "socket_image", node, image });
    }
    this.channel.push({
      type: "preview",
      mimeType,
      image,
      ...(node === undefined ? {} : { node }),
    });
  }

  #sendsImages(node: string): boolean {
    return this.#graph !== undefined && sendsImages(this.#graph, node);
  }

  #complete(entry: HistoryEntry): void {
    this.#start();
    const { outcome } = entry;
    if (outcome.type === "failed") {
      return this.fail(executionError(outcome.failure, this.#graph));
    }
    if (outcome.type === "interrupted") {
      return this.fail(interruptedError(this.#promptId, outcome.nodeId));
    }
    for (const node of entry.cached) this.#cached.add(node);
    for (const [node, images] of entry.images) this.#images.set(node, images);
    this.#succeed();
  }

  #succeed(): void {
    const executed = new Set([...this.#executing, ...this.#finished, ...this.#images.keys()]);
    this.channel.push({
      type: "completed",
      images: resultImages(this.#images),
      executed: [...executed].filter((node) => !this.#cached.has(node)),
      cached: [...this.#cached],
    });
    this.channel.end();
  }

  #sign(): void {
    this.#lastSignAt = this.#now();
    this.#noteAlive();
  }

  #noteAlive(): void {
    this.#aliveUnder = this.#socket.isOpen ? this.#socket.generation : undefined;
  }

  /**
   * True when the present link was already there when the prompt was last known not to have ended.
   */
  #wasHeardAlive(): boolean {
    return this.#socket.isOpen && this.#aliveUnder === this.#socket.generation;
  }

  /** A server that kept its connection has not restarted, so somebody took the prompt out. */
  #goneError(): ComfyError {
    if (!this.#hasStarted && this.#wasHeardAlive()) {
      return new ComfyError("interrupted", `Prompt ${this.#promptId} was removed from the queue`);
    }
    return new ComfyError(
      "lost",
      `ComfyUI does not know prompt ${this.#promptId}; it restarted, or its history was cleared`,
    );
  }
}

function pick(event: ServerEvent & { type: "executed" }) {
  const { type, node, images, output } = event;
  return { type, node, images, output };
}

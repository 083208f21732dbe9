/** Follows the prompts that are under way: routes events, distrusts silence, asks over HTTP. */

import { ComfyError, messageOf } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type Clock, NOT_NEEDED } from "../clock.ts";
import type { ServerEvent } from "../api/events.ts";
import type { HistoryEntry } from "../api/history.ts";
import type { PromptRun } from "./prompt_run.ts";
import type { PromptState } from "../api/server_view.ts";
import { Strays } from "./strays.ts";

/** What watching needs of the event socket. */
export interface WatchedSocket {
  /** True while nothing has been heard since the link was doubted. */
  readonly isDoubted: boolean;
  /** Notes that the link has missed something. */
  doubt(): void;
  /** Replaces the link. */
  recycle(): Promise<void>;
  /** Says whether a lost link is to be opened again. */
  setNeeded(needed: boolean): void;
}

/** What watching needs of the server's HTTP side. */
export interface WatchedServer {
  /** Where prompts stand. */
  states(promptIds: string[], call: { signal: AbortSignal }): Promise<Map<string, PromptState>>;
  /** The history entry of a prompt that has ended. */
  history(promptId: string, call: { signal: AbortSignal }): Promise<HistoryEntry | undefined>;
}

/** Options of {@linkcode PromptWatch}. */
export interface PromptWatchOptions {
  /** The event socket. */
  socket: WatchedSocket;
  /** The HTTP side. */
  server: WatchedServer;
  /** Source of time. */
  clock: Clock;
  /** Silence about a prompt after which the server is asked, in milliseconds. */
  quietMs: number;
  /** How long no answer at all is borne, in milliseconds. */
  unreachableMs: number;
  /** Takes log lines. */
  logger: Logger;
}

/** So many quiet times the silence of a prompt is borne that waits behind one which is heard of. */
const BEHIND_QUIETS = 5;

/** One prompt under watch. */
interface Watched {
  run: PromptRun;
  stallMs: number;
  /** Its place among those that the server took, Infinity until it did. */
  place: number;
  askedAt: number;
  isUrgent: boolean;
}

/** Watches every prompt of a client. Nothing is asked while there is none. */
export class PromptWatch {
  readonly #options: PromptWatchOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #closing = new AbortController();
  readonly #strays = new Strays();
  #posting = 0;
  #runningId: string | undefined;
  #tick: AbortController | undefined;
  #loop: Promise<void> | undefined;
  /** Work that the loop must not wait for. */
  readonly #background = new Set<Promise<void>>();
  #answeredAt = -Infinity;
  #taken = 0;
  /** The latest of them that was heard of, and when. */
  #heard = { place: Infinity, at: -Infinity };

  constructor(options: PromptWatchOptions) {
    this.#options = options;
  }

  /**
   * Begins to watch a prompt.
   *
   * @throws {TypeError} When it is watched already: posted again it would run twice.
   */
  add(run: PromptRun, stallMs: number): void {
    const { signal } = this.#closing;
    if (signal.aborted) return run.fail(signal.reason);
    if (this.#watched.has(run.promptId)) {
      throw new TypeError(`Prompt ${run.promptId} is already followed by this client`);
    }
    const now = this.#options.clock.now();
    if (this.#watched.size === 0) this.#answeredAt = now;
    const place = Infinity;
    this.#watched.set(run.promptId, { run, stallMs, place, askedAt: now, isUrgent: false });
    this.#options.socket.setNeeded(true);
    this.#loop ??= this.#keepWatch();
  }

  /** Ceases to watch a prompt. */
  remove(run: PromptRun): void {
    this.#watched.delete(run.promptId);
    if (this.#watched.size > 0) return;
    this.#options.socket.setNeeded(false);
    this.#strays.clear();
    this.#tick?.abort(NOT_NEEDED);
  }

  /**
   * Notes that a post is under way. Its events may outrun the answer, which alone tells under which
   * id they come, and whether the prompt was taken whole: so they wait for it.
   */
  postBegins(): void {
    this.#posting++;
  }

  /**
   * A post was answered: files the run under the id that the server uses, with what came before.
   */
  postEnds(run: PromptRun, promptId: string, number: number | undefined): void {
    const watched = this.#watched.get(run.promptId);
    if (watched !== undefined) {
      this.#watched.delete(run.promptId);
      this.#watched.set(promptId, watched);
      watched.askedAt = this.#options.clock.now();
      watched.place = ++this.#taken;
    }
    run.accept(promptId, number);
    if (this.#strays.hasLost) run.doubt();
    const early = this.#strays.of(promptId);
    this.#postIsOver();
    for (const event of early) this.#deliver(promptId, event);
  }

  /** A post failed, or its answer was a refusal. */
  postFails(): void {
    this.#postIsOver();
  }

  /** Takes a message of the server. */
  receive(event: ServerEvent): void {
    this.#answeredAt = this.#options.clock.now();
    const promptId = this.#ownerOf(event);
    if (promptId === undefined) return;
    this.#noteRunning(event, promptId);
    this.#deliver(promptId, event);
  }

  #deliver(promptId: string, event: ServerEvent): void {
    const watched = this.#watched.get(promptId);
    if (watched?.run.isAccepted !== true) {
      if (this.#posting > 0) this.#strays.keep(promptId, event);
      return;
    }
    this.#heard = { place: watched.place, at: this.#answeredAt };
    watched.run.receive(event);
    if (event.type === "execution_done" && !watched.run.channel.isEnded) {
      this.#inBackground(this.#settle(watched));
    }
  }

  /** Has a prompt looked up at once, since something was done to it. */
  lookNow(promptId: string): void {
    const watched = this.#watched.get(promptId);
    if (watched !== undefined) this.#hurry(watched);
  }

  /** The event socket broke or came back. */
  connectionChanged(state: "lost" | "restored"): void {
    if (state === "lost") this.#runningId = undefined;
    for (const watched of this.#watched.values()) {
      watched.run.connectionChanged(state);
      if (state === "restored") this.#hurry(watched);
    }
  }

  /** Fails every run and stops. */
  async close(error: Error): Promise<void> {
    for (const { run } of this.#watched.values()) run.fail(error);
    this.#closing.abort(error);
    this.#tick?.abort(NOT_NEEDED);
    await Promise.all([this.#loop, ...this.#background]);
  }

  /**
   * What comes without an id belongs to what runs, and is ours only while one of our prompts runs.
   */
  #ownerOf(event: ServerEvent): string | undefined {
    const isOfPrompt = "promptId" in event || event.type === "preview";
    return isOfPrompt ? promptIdOf(event) ?? this.#runningId : undefined;
  }

  #noteRunning(event: ServerEvent, promptId: string): void {
    if (event.type === "execution_start" || event.type === "executing") this.#runningId = promptId;
    if (isFinal(event) && this.#runningId === promptId) this.#runningId = undefined;
  }

  #postIsOver(): void {
    if (--this.#posting > 0) return;
    this.#strays.clear();
  }

  #hurry(watched: Watched): void {
    watched.isUrgent = true;
    this.#tick?.abort(NOT_NEEDED);
  }

  /**
   * At the announced end the history entry exists; should it not be had, the loop goes on asking.
   */
  async #settle(watched: Watched): Promise<void> {
    const { run } = watched;
    try {
      const entry = await this.#options.server.history(run.promptId, {
        signal: this.#closing.signal,
      });
      if (entry !== undefined) run.observe({ type: "finished", entry });
    } catch (error) {
      this.#options.logger.log("debug", "The history cannot be read yet", { error: String(error) });
    }
    if (!run.channel.isEnded) this.#hurry(watched);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async #keepWatch(): Promise<void> {
    const { clock } = this.#options;
    while (this.#watched.size > 0 && !this.#closing.signal.aborted) {
      this.#tick = new AbortController();
      const isUrgent = [...this.#watched.values()].some((watched) => {
        return watched.isUrgent && watched.run.isAccepted && !watched.run.channel.isEnded;
      });
      if (!isUrgent) {
        await clock.delay(this.#waitMs(), { signal: this.#tick.signal }).catch(() => {});
      }
      if (this.#closing.signal.aborted) return;
      await this.#look();
    }
    this.#loop = undefined;
  }

  /**
   * Until something can have been silent for long, at least half the quiet time, and no longer than all of it:
   * so silence is noticed within one and a half of it.
   */
  #waitMs(): number {
    const { socket, clock, quietMs } = this.#options;
    if (socket.isDoubted) return quietMs / 2;
    const now = clock.now();
    const silentSince = [...this.#watched.values()]
      .filter(({ run }) => run.isAccepted && !run.channel.isEnded)
      .reduce((since, watched) => Math.min(since, this.#silentSince(watched)), now);
    return Math.max(quietMs / 2, silentSince + quietMs - now);
  }

  async #look(): Promise<void> {
    const { socket, clock, quietMs } = this.#options;
    const wasDoubted = socket.isDoubted;
    const now = clock.now();
    const quiet = [...this.#watched.values()].filter((watched) => {
      const { run, isUrgent } = watched;
      if (!run.isAccepted || run.channel.isEnded) return false;
      return isUrgent || this.#silentSince(watched) + quietMs <= now;
    });
    if (quiet.length > 0) await this.#ask(quiet);
    this.#failStalled();
    if (wasDoubted && socket.isDoubted && this.#watched.size > 0) {
      this.#inBackground(socket.recycle());
    }
  }

  /** A server works on one prompt after the other: of one that waits nothing is to be heard until its turn. */
  #silentSince({ run, place, askedAt }: Watched): number {
    const since = Math.max(run.lastSignAt, askedAt);
    if (run.isRunning || this.#heard.place >= place) return since;
    const longestMs = (BEHIND_QUIETS - 1) * this.#options.quietMs;
    return Math.max(since, Math.min(this.#heard.at, since + longestMs));
  }

  async #ask(quiet: Watched[]): Promise<void> {
    const { server, clock } = this.#options;
    for (const watched of quiet) {
      watched.askedAt = clock.now();
      watched.isUrgent = false;
    }
    try {
      const ids = quiet.map(({ run }) => run.promptId);
      const states = await server.states(ids, { signal: this.#closing.signal });
      this.#answeredAt = clock.now();
      for (const { run } of quiet) this.#observe(run, states.get(run.promptId));
    } catch (error) {
      this.#bear(error);
    }
  }

  #observe(run: PromptRun, state: PromptState | undefined): void {
    if (state === undefined || this.#watched.get(run.promptId)?.run !== run) return;
    if (state.type === "running") this.#runningId = run.promptId;
    if (run.observe(state) === "missed") this.#options.socket.doubt();
  }

  #bear(error: unknown): void {
    const { clock, unreachableMs, logger } = this.#options;
    logger.log("debug", "ComfyUI cannot be asked", { error: messageOf(error) });
    if (clock.now() - this.#answeredAt >= unreachableMs) this.#failAll(error);
  }

  #failStalled(): void {
    const now = this.#options.clock.now();
    for (const { run, stallMs } of this.#watched.values()) {
      if (!run.isRunning || now - run.lastSignAt < stallMs) continue;
      const message =
        `Prompt ${run.promptId} has given no sign of life for ${stallMs} ms although ComfyUI claims ` +
        "to run it; restart ComfyUI if nothing else runs either";
      run.fail(new ComfyError("stalled", message));
    }
  }

  #failAll(error: unknown): void {
    for (const { run } of this.#watched.values()) run.fail(error);
  }
}

function promptIdOf(event: ServerEvent): string | undefined {
  return "promptId" in event ? event.promptId : undefined;
}

function isFinal(event: ServerEvent): boolean {
  return event.type === "execution_done" || event.type === "execution_success" ||
    event.type === "execution_interrupted" || event.type === "execution_error";
}

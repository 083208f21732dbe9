/**
 * One isolate, for one server or several: started with few rights, asked and watched, ended for good when
 * it misbehaves.
 */

import { JobError, messageOf } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import { isProgress, readAnswer, readEvent, readMessage, readOutcome } from "./border.ts";
import { Deliveries } from "./delivered.ts";
import type {
  FromSandbox,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxCalls,
  SandboxSetup,
  ServerState,
  ToSandbox,
} from "./messages.ts";
import { startSpan, traceTime } from "../trace.ts";
import { openPort } from "./open_port.ts";
import type { Isolation, Port } from "./port.ts";
import type { Pace } from "./pace.ts";
import { INVALID } from "./readers.ts";
import { setupError } from "./refusal.ts";
import { createRing, type ProgressMessage, RingReader } from "./ring.ts";
import { Silence } from "./silence.ts";
import { Talk } from "./talk.ts";

/** When an isolate counts as misbehaving. */
export interface SandboxLimits {
  /** Time between signs of life that are asked for while it has work, in milliseconds. @default {2000} */
  heartbeatMs?: number;
  /** Silence after which it counts as hanging, in milliseconds. @default {15000} */
  hangMs?: number;
  /** Longest time until it is ready, its modules loaded and the workflows read. @default {30000} */
  startMs?: number;
  /** Most messages for each server within one second; beyond it counts as flooding. @default {5000} */
  maxMessagesPerSecond?: number;
  /** Longest wait for an answer that needs no job, in milliseconds. @default {4000} */
  callTimeoutMs?: number;
  /** Where it lives. @default {"thread"} */
  isolation?: Isolation;
  /** When to look for what it tells by shared memory. @default one of its own */
  pace?: Pace;
  /** Knows whose files are whose. @default one of its own */
  deliveries?: Deliveries;
}

/** Options of {@linkcode startSandbox}. */
export interface SandboxOptions extends SandboxLimits {
  /** What it needs to know of each of its servers. */
  setups: readonly SandboxSetup[];
  /** Its entry module. */
  sandboxUrl?: URL;
  /** Takes its log lines. */
  logger?: Logger;
  /** Takes the health of a server, which is told by its place in `setups`. */
  onServerState?: (server: number, state: ServerState, error: string | undefined) => void;
}

/** A live isolate. */
export interface Sandbox {
  /** Resolves with the reason when it is gone. */
  readonly died: Promise<string>;
  /** Its servers, in the order of their `setups`. */
  readonly sessions: readonly Session[];
  /** Resolves when nothing of it is left after that. */
  readonly ended: Promise<void>;
  /** Ends it now. */
  kill(reason: string): void;
}

/** One server of an isolate. */
export interface Session {
  /** Runs a job; an isolate that dies meanwhile is an outcome too. */
  run(
    spec: RunSpec,
    options: { signal: AbortSignal; onEvent: (event: RunEvent) => void },
  ): Promise<RunOutcome>;
  /** Asks a question. */
  call<Name extends keyof SandboxCalls>(
    name: Name,
    question: SandboxCalls[Name]["question"],
  ): Promise<SandboxCalls[Name]["answer"]>;
}

/** Why an isolate is ended that says what cannot be. */
const SENSELESS = "The isolate sent a message that makes no sense";

/** Isolates that live in this process, so that tests can tell a leak. */
export let liveIsolates = 0;

/** Starts an isolate and hands it its set-up. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new Isolate(options);
  try {
    await sandbox.ready;
  } catch (error) {
    await sandbox.ended;
    throw error;
  }
  return sandbox;
}

interface PendingRun {
  readonly jobId: string;
  readonly outputDir: string;
  readonly onEvent: (event: RunEvent) => void;
  readonly resolve: (outcome: RunOutcome) => void;
}

interface PendingCall {
  readonly name: keyof SandboxCalls;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

class Isolate implements Sandbox {
  readonly ready: Promise<void>;
  readonly died: Promise<string>;
  readonly sessions: readonly Session[];
  readonly ended: Promise<void>;
  readonly #port: Port;
  readonly #options: SandboxOptions;
  readonly #logger: Logger;
  readonly #runs = new Map<number, PendingRun>();
  readonly #calls = new Map<number, PendingCall>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #died = Promise.withResolvers<string>();
  /** Absent where no memory can be shared. */
  readonly #ring: RingReader | undefined;
  readonly #deliveries: Deliveries;
  #alive = true;
  #starting = true;
  #next = 1;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  readonly #silence: Silence;
  readonly #talk: Talk;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#deliveries = options.deliveries ?? new Deliveries();
    this.#logger = options.logger ?? silentLogger;
    this.ready = this.#ready.promise;
    this.died = this.#died.promise;
    const { maxMessagesPerSecond = 5_000, setups } = options;
    this.#silence = new Silence(options.heartbeatMs);
    this.#talk = new Talk(maxMessagesPerSecond * setups.length);
    this.sessions = setups.map((_setup, server): Session => ({
      run: (spec, context) => this.#run(server, spec, context),
      call: (name, question) => this.#call(server, name, question),
    }));
    const { isolation = "thread", sandboxUrl } = options;
    this.#port = openPort({
      isolation,
      setups,
      ...(sandboxUrl === undefined ? {} : { url: sandboxUrl }),
    });
    this.ended = this.#port.ended ?? Promise.resolve();
    liveIsolates += 1;
    this.#port.onmessage = (event) => this.#receive(event.data);
    this.#port.onerror = (event) => {
      event.preventDefault();
      this.kill(`The isolate crashed: ${event.message}`);
    };
    this.#port.onmessageerror = () => this.kill("The isolate sent what cannot be read");
    const ring = this.#port.sharesNoMemory ? undefined : createRing();
    if (ring !== undefined) this.#ring = this.#listen(ring);
    this.#post({ type: "setup", setups, ...(ring === undefined ? {} : { ring }) });
    this.#watch();
  }

  kill(reason: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    liveIsolates -= 1;
    clearInterval(this.#heartbeat);
    this.#ring?.[Symbol.dispose]();
    this.#port.terminate();
    for (const { resolve } of this.#runs.values()) resolve(this.#fall(reason));
    this.#runs.clear();
    for (const call of [...this.#calls.keys()]) {
      this.#takeCall(call)?.reject(new JobError("sandbox", reason));
    }
    this.#ready.reject(new JobError("sandbox", reason));
    this.#died.resolve(reason);
  }

  #run(
    server: number,
    spec: RunSpec,
    { signal, onEvent }: { signal: AbortSignal; onEvent: (event: RunEvent) => void },
  ): Promise<RunOutcome> {
    if (!this.#alive) return Promise.resolve(this.#fall("The isolate is gone"));
    if (signal.aborted && !spec.resumed) return Promise.resolve({ type: "cancelled" });
    const run = this.#next++;
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    const cancel = () => this.#post({ type: "cancel", run });
    const { outputDir } = this.#options.setups[server]!;
    this.#runs.set(run, { jobId: spec.jobId, outputDir, onEvent, resolve });
    this.#post({ type: "run", server, run, spec, ...traceTime() });
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    this.#watch();
    return promise.finally(() => signal.removeEventListener("abort", cancel));
  }

  #call<Name extends keyof SandboxCalls>(
    server: number,
    name: Name,
    question: SandboxCalls[Name]["question"],
  ): Promise<SandboxCalls[Name]["answer"]> {
    if (!this.#alive) return Promise.reject(new JobError("sandbox", "The isolate is gone"));
    const call = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<never>();
    const timeoutMs = this.#options.callTimeoutMs ?? 4_000;
    const timer = setTimeout(() => {
      this.#takeCall(call)?.reject(
        new JobError("sandbox", `The isolate did not answer within ${timeoutMs} ms`),
      );
    }, timeoutMs);
    this.#calls.set(call, { name, resolve, reject, timer });
    this.#post({ type: "call", server, call, name, question });
    this.#watch();
    return promise;
  }

  #listen(ring: SharedArrayBuffer): RingReader {
    return new RingReader(ring, {
      onWake: () => {
        this.#silence.end(performance.now());
        this.#floods();
      },
      take: (message) => this.#receiveProgress(message),
      onSenseless: () => this.kill(SENSELESS),
      ...(this.#options.pace === undefined ? {} : { pace: this.#options.pace }),
    });
  }

  /** Nothing that comes may throw here: that would end the process. */
  #receive(data: unknown): void {
    if (!this.#alive) return;
    this.#silence.end(performance.now());
    this.#ring?.drain();
    this.#ring?.noteMessage();
    const messages: readonly unknown[] = Array.isArray(data) && data.length > 0 ? data : [data];
    for (const message of messages) this.#receiveOne(message);
    this.#ring?.drain();
    this.#watch();
  }

  #receiveOne(data: unknown): void {
    if (!this.#alive || this.#floods()) return;
    try {
      const message = readMessage(data);
      if (message === INVALID || !this.#take(message)) this.kill(SENSELESS);
    } catch (error) {
      this.kill(`${SENSELESS}: ${messageOf(error)}`);
    }
  }

  #receiveProgress({ run, event }: ProgressMessage): void {
    if (!this.#alive || this.#floods()) return;
    const pending = this.#runs.get(run);
    if (!Number.isSafeInteger(run) || run < 0) return this.kill(SENSELESS);
    if (pending === undefined) return;
    if (!isProgress(event.progress)) return this.kill(SENSELESS);
    try {
      pending.onEvent(event);
    } catch (error) {
      this.kill(`${SENSELESS}: ${messageOf(error)}`);
    }
  }

  /** Returns false for what makes no sense. What concerns a run or a call that is over is ignored. */
  #take(message: FromSandbox): boolean {
    switch (message.type) {
      case "ready":
        this.#starting = false;
        this.#ready.resolve();
        return true;
      case "refused":
        this.#ready.reject(setupError(message.code, message.error));
        this.kill(message.error);
        return true;
      case "event":
        return this.#takeEvent(message);
      case "ended":
        return this.#takeOutcome(message);
      case "answer":
        return this.#takeAnswer(message);
      case "failure":
        this.#takeCall(message.call)?.reject(new JobError("backend", message.error));
        return true;
      case "server":
        if (message.server >= this.sessions.length) return false;
        this.#options.onServerState?.(message.server, message.state, message.error);
        return true;
      case "log":
        this.#logger.log(message.level, message.message, message.fields);
        return true;
      case "pong":
        return true;
    }
  }

  #takeEvent({ run, event }: Extract<FromSandbox, { type: "event" }>): boolean {
    const pending = this.#runs.get(run);
    if (pending === undefined) return true;
    const told = readEvent(event, pending.outputDir);
    if (told === INVALID) return false;
    pending.onEvent(told);
    return true;
  }

  #takeOutcome({ run, outcome, sentAtMs }: Extract<FromSandbox, { type: "ended" }>): boolean {
    const pending = this.#runs.get(run);
    if (pending === undefined) return true;
    const ended = readOutcome(outcome, pending.outputDir);
    if (ended === INVALID) return false;
    if (sentAtMs !== undefined) noteHop("hop from the isolate", sentAtMs);
    this.#runs.delete(run);
    if (ended.type === "completed") void this.#checkFiles(ended, pending);
    else pending.resolve(ended);
    return true;
  }

  async #checkFiles(
    ended: Extract<RunOutcome, { type: "completed" }>,
    { jobId, outputDir, resolve }: PendingRun,
  ): Promise<void> {
    const judged = await this.#deliveries.judge(ended, jobId, outputDir);
    resolve(judged === INVALID ? this.#fall(SENSELESS) : judged);
    if (judged === INVALID) this.kill(SENSELESS);
  }

  #takeAnswer({ call, answer }: Extract<FromSandbox, { type: "answer" }>): boolean {
    const pending = this.#calls.get(call);
    if (pending === undefined) return true;
    const read = readAnswer(pending.name, answer);
    if (read === INVALID) return false;
    this.#takeCall(call)?.resolve(read as never);
    return true;
  }

  #floods(): boolean {
    if (this.#talk.note(performance.now())) return false;
    this.kill("The isolate flooded its host with messages");
    return true;
  }

  /** Heartbeats are asked for only while it has work, so that an idle worker stays idle. */
  #watch(): void {
    const busy = this.#alive && (this.#starting || this.#runs.size > 0 || this.#calls.size > 0);
    if (busy === (this.#heartbeat !== undefined)) return;
    if (!busy) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = undefined;
      return;
    }
    this.#silence.end(performance.now());
    this.#heartbeat = setInterval(() => this.#checkLife(), this.#silence.everyMs);
  }

  #checkLife(): void {
    const { hangMs = 15_000, startMs = 30_000 } = this.#options;
    const limitMs = this.#starting ? startMs : hangMs;
    if (this.#silence.look(performance.now()) > limitMs) {
      this.kill(`The isolate hung: no sign of life for ${limitMs} ms`);
    } else if (!this.#starting) this.#post({ type: "ping" });
  }

  /**
   * How a run ends with its isolate. What it had posted may still run on ComfyUI. Where several servers
   * shared it, nobody knows which of them was the cause.
   */
  #fall(error: string): RunOutcome {
    const code = this.sessions.length > 1 ? "shared_sandbox" : "sandbox";
    return { type: "failed", code, error, retry: true, keepPrompt: true, crashed: false };
  }

  #takeCall(call: number): PendingCall | undefined {
    const pending = this.#calls.get(call);
    if (pending === undefined) return undefined;
    clearTimeout(pending.timer);
    this.#calls.delete(call);
    this.#watch();
    return pending;
  }

  #post(message: ToSandbox): void {
    if (this.#alive) this.#port.postMessage(message);
  }
}

function noteHop(name: string, startedAtMs: number): void {
  startSpan(name, { startedAtMs })[Symbol.dispose]();
}

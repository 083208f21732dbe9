/**
 * The host side: runs jobs of one ComfyUI server in an isolate that it starts, watches and replaces.
 *
 * @module
 */

import { JobError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { GenerateRequest, ModelInfo } from "../protocol/mod.ts";
import { createKnownChecks, type KnownChecks } from "./known_checks.ts";
import { createKnownModels, type KnownModels } from "./known_models.ts";
import type {
  CheckResult,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxCalls,
  SandboxSetup,
  ServerState,
} from "./messages.ts";
import { type Sandbox, type SandboxLimits, startSandbox } from "./isolate.ts";

/** Options of {@linkcode startExecutor}. */
export interface ExecutorOptions extends SandboxLimits {
  /** Name of the server in logs and answers. */
  name: string;
  /** What it does in the same time, compared with other servers. @default {1} */
  weight?: number;
  /** Jobs handed to it at once: one runs, the others wait behind it. @default {2} */
  maxInFlight?: number;
  /** What the sandbox needs to know. */
  setup: SandboxSetup;
  /** Entry module of the sandbox. @default the real one */
  sandboxUrl?: URL;
  /** Called when the server may take jobs that it could not take before, or no longer can. */
  onChange?: () => void;
  /** Takes the sandbox's log lines and the executor's own. */
  logger?: Logger;
}

/** How to run a job. */
export interface RunOptions {
  /** Cancels the prompt on ComfyUI; the run then ends as `cancelled`, or as it did if that came too late. */
  signal: AbortSignal;
  /** Takes what the run tells, in order. */
  onEvent: (event: RunEvent) => void;
}

/** Runs jobs on one ComfyUI server. */
export interface Executor extends AsyncDisposable {
  /** Name of the server. */
  readonly name: string;
  /** Base URL of the server. */
  readonly url: string;
  /** Socket that its events come on. */
  readonly clientId: string;
  /** Health of the server as last heard. */
  readonly state: ServerState;
  /** Why the server is not ready, if it is not. */
  readonly stateError: string | undefined;
  /** What it does in the same time, compared with others. */
  readonly weight: number;
  /** Jobs handed to it at once. */
  readonly maxInFlight: number;
  /** True if the server has the models of a request; also while that is not known. */
  has(request: GenerateRequest): boolean;
  /** Runs a job to its end. Never throws: what goes wrong is an outcome. */
  run(spec: RunSpec, options: RunOptions): Promise<RunOutcome>;
  /**
   * Asks whether a request can be done, without running it.
   *
   * @throws {JobError} `sandbox` if there was no answer in time.
   */
  check(request: GenerateRequest): Promise<CheckResult>;
  /**
   * Lists the server's models.
   *
   * @throws {JobError} `backend` if the server cannot be asked, `sandbox` if there was no answer in time.
   */
  models(): Promise<ModelInfo[]>;
  /** Stops the isolate now, whatever runs. May be called again. */
  close(): Promise<void>;
}

/** Time before an isolate that died is replaced; doubles up to the limit while they keep dying. */
const RESTART_MS = { first: 50, most: 5_000 };

/**
 * Starts the isolate of one server and waits until it has read its workflows.
 *
 * @throws {ConfigError} if the sandbox refuses its set-up (a bad workflow, an unreadable folder).
 */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const executor = new SandboxExecutor(options);
  await executor.start();
  return executor;
}

class SandboxExecutor implements Executor {
  readonly name: string;
  readonly url: string;
  readonly clientId: string;
  readonly weight: number;
  readonly maxInFlight: number;
  readonly #options: ExecutorOptions;
  readonly #logger: Logger;
  readonly #models: KnownModels;
  readonly #checks: KnownChecks;
  readonly #closing = new AbortController();
  #sandbox: Promise<Sandbox>;
  #state: ServerState = "connecting";
  #stateError: string | undefined;
  #deaths = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.name = options.name;
    this.url = options.setup.serverUrl;
    this.clientId = options.setup.clientId;
    this.weight = options.weight ?? 1;
    this.maxInFlight = options.maxInFlight ?? 2;
    this.#logger = options.logger ?? silentLogger;
    this.#models = createKnownModels({
      ask: () => this.models(),
      onChange: () => options.onChange?.(),
    });
    this.#checks = createKnownChecks((request) => this.#ask("check", request));
    this.#sandbox = this.#launch();
  }

  get state(): ServerState {
    return this.#state;
  }

  get stateError(): string | undefined {
    return this.#stateError;
  }

  has(request: GenerateRequest): boolean {
    return this.#models.has(request);
  }

  async start(): Promise<void> {
    await this.#sandbox;
  }

  async run(spec: RunSpec, options: RunOptions): Promise<RunOutcome> {
    try {
      const sandbox = await this.#sandbox;
      const outcome = await sandbox.run(spec, options);
      if (outcome.type !== "failed" || outcome.code !== "sandbox") this.#deaths = 0;
      return outcome;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const keepPrompt = spec.resumed;
      return {
        type: "failed",
        code: "sandbox",
        error: message,
        retry: true,
        keepPrompt,
        crashed: false,
      };
    }
  }

  check(request: GenerateRequest): Promise<CheckResult> {
    return this.#checks.check(request);
  }

  models(): Promise<ModelInfo[]> {
    return this.#ask("models", null);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const sandbox = await this.#sandbox.catch(() => undefined);
    sandbox?.kill("The worker stops");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask<Name extends keyof SandboxCalls>(
    name: Name,
    question: SandboxCalls[Name]["question"],
  ): Promise<SandboxCalls[Name]["answer"]> {
    const sandbox = await this.#sandbox;
    return await sandbox.call(name, question);
  }

  async #launch(): Promise<Sandbox> {
    const sandbox = await startSandbox({
      ...this.#options,
      logger: this.#logger,
      onServerState: (state, error) => this.#setState(state, error),
    });
    sandbox.died.then((reason) => this.#replace(reason));
    if (this.#closing.signal.aborted) sandbox.kill("The worker stops");
    return sandbox;
  }

  #replace(reason: string): void {
    if (this.#closing.signal.aborted) return;
    this.#logger.log("error", `${reason}; starting a fresh one`, { server: this.name });
    this.#setState("connecting", undefined);
    this.#sandbox = this.#relaunch();
    // Whoever awaits it sees the failure; nobody may be waiting just now.
    this.#sandbox.catch(() => {});
  }

  async #relaunch(): Promise<Sandbox> {
    while (true) {
      await this.#pause(Math.min(RESTART_MS.first * 2 ** this.#deaths, RESTART_MS.most));
      this.#deaths += 1;
      if (this.#closing.signal.aborted) throw new JobError("unavailable", "The worker is stopping");
      try {
        return await this.#launch();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#logger.log("error", `Cannot start the isolate: ${message}`, { server: this.name });
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#closing;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    return promise;
  }

  #setState(state: ServerState, error: string | undefined): void {
    this.#state = state;
    this.#stateError = error;
    this.#checks.forget();
    if (state === "ready") this.#models.refresh();
    this.#options.onChange?.();
  }
}

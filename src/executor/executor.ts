/** The host side of one ComfyUI server: runs its jobs in the isolate where it lives. */

import type { GenerateRequest, ModelInfo } from "../protocol/mod.ts";
import { hideSecrets } from "../secrets.ts";
import type { Session } from "./isolate.ts";
import { createKnownChecks, type KnownChecks } from "./known_checks.ts";
import { createKnownModels, type KnownModels } from "./known_models.ts";
import type {
  Catalog,
  CheckResult,
  RunEvent,
  RunOutcome,
  RunSpec,
  SandboxSetup,
  ServerState,
} from "./messages.ts";

/** A server to run jobs on. */
export interface ServerOptions {
  /** Its name in logs and answers. */
  name: string;
  /** What it does in the same time, compared with other servers. @default {1} */
  weight?: number;
  /** Jobs handed to it at once: one runs, the others wait behind it. @default {2} */
  maxInFlight?: number;
  /** What the sandbox needs to know of it. */
  setup: SandboxSetup;
}

/** How to run a job. */
export interface RunOptions {
  /** Cancels the prompt on ComfyUI; the run then ends as `cancelled`, or as it did if that came too late. */
  signal: AbortSignal;
  /** Takes what the run tells, in order. */
  onEvent: (event: RunEvent) => void;
}

/** Runs jobs on one ComfyUI server. */
export interface Executor {
  /** Name of the server. */
  readonly name: string;
  /** Base URL of the server, without what gives access to it. */
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
  /** Keys of all models that it has; undefined while that is not known. */
  readonly modelKeys: ReadonlySet<string> | undefined;
  /** Runs a job to its end. Never throws: what goes wrong is an outcome. */
  run(spec: RunSpec, options: RunOptions): Promise<RunOutcome>;
  /** What `check()` is known to say, if it was asked about such a request a moment ago. */
  recall(request: GenerateRequest): CheckResult | undefined;
  /**
   * Asks whether a request can be done, without running it.
   *
   * @throws {JobError} `sandbox` if there was no answer in time.
   */
  check(request: GenerateRequest): Promise<CheckResult>;
  /**
   * Removes prompts from the server that were posted here once.
   *
   * @returns those that it is done with; or that run and that it cannot be asked to stop, which is logged.
   * @throws {JobError} `backend` if the server cannot be asked, `sandbox` if there was no answer in time.
   */
  withdraw(promptIds: readonly string[]): Promise<readonly string[]>;
  /**
   * Lists what requests can name besides models; the same for all servers.
   *
   * @throws {JobError} `sandbox` if there was no answer in time.
   */
  catalog(): Promise<Catalog>;
  /**
   * Lists the server's models.
   *
   * @throws {JobError} `backend` if the server cannot be asked, `sandbox` if there was no answer in time.
   */
  models(options?: ModelsOptions): Promise<ModelInfo[]>;
}

/** Which models to list. */
export interface ModelsOptions {
  /** Whether to list models of every type, not only checkpoints, LoRAs and VAEs. @default {false} */
  allTypes?: boolean;
}

/** An executor of a server that lives in a session. */
export class SandboxExecutor implements Executor {
  readonly name: string;
  readonly url: string;
  readonly clientId: string;
  weight: number;
  maxInFlight: number;
  readonly #session: Session;
  readonly #onChange: () => void;
  readonly #models: KnownModels;
  readonly #checks: KnownChecks;
  #state: ServerState = "connecting";
  #stateError: string | undefined;

  /**
   * Creates it.
   *
   * @param onChange Called when the server may take jobs that it could not take before, or no longer can.
   */
  constructor(
    { name, weight = 1, maxInFlight = 2, setup }: ServerOptions,
    session: Session,
    onChange: () => void,
  ) {
    this.name = name;
    this.url = hideSecrets(setup.serverUrl);
    this.clientId = setup.clientId;
    this.weight = weight;
    this.maxInFlight = maxInFlight;
    this.#session = session;
    this.#onChange = onChange;
    this.#models = createKnownModels({ ask: () => this.models(), onChange });
    this.#checks = createKnownChecks((request) => this.#session.call("check", request));
  }

  get state(): ServerState {
    return this.#state;
  }

  get stateError(): string | undefined {
    return this.#stateError;
  }

  get modelKeys(): ReadonlySet<string> | undefined {
    return this.#models.keys;
  }

  has(request: GenerateRequest): boolean {
    return this.#models.has(request);
  }

  run(spec: RunSpec, options: RunOptions): Promise<RunOutcome> {
    return this.#session.run(spec, options);
  }

  recall(request: GenerateRequest): CheckResult | undefined {
    return this.#checks.recall(request);
  }

  check(request: GenerateRequest): Promise<CheckResult> {
    return this.#checks.check(request);
  }

  withdraw(promptIds: readonly string[]): Promise<readonly string[]> {
    return this.#session.call("withdraw", promptIds);
  }

  catalog(): Promise<Catalog> {
    return this.#session.call("catalog", null);
  }

  models({ allTypes = false }: ModelsOptions = {}): Promise<ModelInfo[]> {
    return this.#session.call("models", { allTypes });
  }

  /** Changes what it may do from now on. */
  tune({ weight, maxInFlight }: { readonly weight: number; readonly maxInFlight: number }): void {
    this.weight = weight;
    this.maxInFlight = maxInFlight;
    this.#onChange();
  }

  /** Notes the health of the server. */
  setState(state: ServerState, error: string | undefined): void {
    this.#state = state;
    this.#stateError = error;
    this.#checks.forget();
    if (state === "ready") this.#models.refresh();
    this.#onChange();
  }
}

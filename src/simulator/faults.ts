/**
 * Misfortunes that can be armed while the simulator runs, and asked for by the parts that suffer them.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import { PythonError } from "./python.ts";

/** Where a run shall stand still. */
export interface StallTarget {
  /** Class of the node to stop at; any node when absent. */
  nodeClass?: string;
  /** Progress value before whose report to stop; when absent the node stops as it begins its work. */
  step?: number;
}

/** A run that stands still, or will. Disposing releases it. */
export interface Stall extends Disposable {
  /** Resolves with the prompt's id when a run has reached the stall. */
  readonly reached: Promise<string>;
  /** Lets the run go on, and disarms the stall if nothing has reached it yet. */
  release(): void;
}

/** An error that a node shall raise. */
export interface NodeFault {
  /** Class of the node; any node when absent. */
  nodeClass?: string;
  /** Text of the exception. */
  message: string;
  /** Dotted Python class of the exception. @default {"RuntimeError"} */
  exceptionType?: string;
}

/** How often and with which status a route shall fail. */
export interface RouteFault {
  /** HTTP status of the answer. @default {500} */
  status?: number;
  /** Number of requests that fail. @default {1} */
  times?: number;
  /** What the answer says in `Retry-After`, in seconds. @default {nothing} */
  retryAfterS?: number;
}

/** What a route fails with. */
export interface RouteFailure {
  /** HTTP status. */
  readonly status: number;
  /** Value of `Retry-After`. */
  readonly retryAfterS: number | undefined;
}

/** Node classes that sample: where memory runs out, if anywhere. */
const SAMPLERS = ["KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced"];

interface ArmedStall {
  readonly target: StallTarget;
  readonly reached: (promptId: string) => void;
  readonly released: Promise<void>;
}

interface ArmedError {
  readonly classes: readonly string[] | undefined;
  readonly error: PythonError;
}

/** The armed faults of nodes, routes and downloads. */
export class FaultBook {
  readonly #routes: ReadonlySet<string>;
  readonly #failures = new Map<string, RouteFailure & { times: number }>();
  readonly #lost = new Set<string>();
  readonly #stalls = new Set<ArmedStall>();
  readonly #errors: ArmedError[] = [];
  #bytesPerSecond: number | undefined;
  #executorDies = false;

  /** Creates an empty book for a server with these routes. */
  constructor(routes: Iterable<string>) {
    this.#routes = new Set(routes);
  }

  /** Arms an HTTP failure of a route. */
  failNext(route: string, { status = 500, times = 1, retryAfterS }: RouteFault = {}): void {
    this.#checkRoute(route);
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw invalid(`status ${status}`, "give an HTTP status from 400 to 599");
    }
    this.#failures.set(route, { status, times, retryAfterS });
  }

  /** Arms the loss of a route's next answer. */
  loseNextAnswer(route: string): void {
    this.#checkRoute(route);
    this.#lost.add(route);
  }

  /** Arms an exception in the next matching node. */
  errorNext({ nodeClass, message, exceptionType = "RuntimeError" }: NodeFault): void {
    const classes = nodeClass === undefined ? undefined : [nodeClass];
    this.#errors.push({ classes, error: new PythonError(exceptionType, message) });
  }

  /** Arms an out-of-memory error in the next sampler. */
  oomNext(): void {
    this.#errors.push({ classes: SAMPLERS, error: outOfMemory() });
  }

  /** Arms a stall. */
  stall(where: string | StallTarget = {}): Stall {
    const target = typeof where === "string" ? { nodeClass: where } : where;
    const reached = Promise.withResolvers<string>();
    const released = Promise.withResolvers<void>();
    const armed = { target, reached: reached.resolve, released: released.promise };
    this.#stalls.add(armed);
    const release = () => {
      this.#stalls.delete(armed);
      released.resolve();
    };
    return { reached: reached.promise, release, [Symbol.dispose]: release };
  }

  /** Slows downloads down; `undefined` ends it. */
  slowBytes(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond !== undefined && !(bytesPerSecond > 0)) {
      throw invalid(`bytesPerSecond ${bytesPerSecond}`, "give a number above 0");
    }
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Arms the death of the executor. */
  deadExecutor(): void {
    this.#executorDies = true;
  }

  /** Speed of downloads, when they are slowed down. */
  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }

  /** Takes what a route must fail with now, if it must. */
  takeFailure(route: string): RouteFailure | undefined {
    const failure = this.#failures.get(route);
    if (failure === undefined) return undefined;
    if (--failure.times <= 0) this.#failures.delete(route);
    return failure;
  }

  /** Tells, once, that this answer must be lost. */
  takeLostAnswer(route: string): boolean {
    return this.#lost.delete(route);
  }

  /** Takes the exception that a node of this class must raise now, if any. */
  takeError(nodeClass: string): PythonError | undefined {
    const index = this.#errors.findIndex(({ classes }) => classes?.includes(nodeClass) ?? true);
    return index < 0 ? undefined : this.#errors.splice(index, 1)[0]?.error;
  }

  /** Tells, once, that the executor must die now. */
  takeExecutorDeath(): boolean {
    const dies = this.#executorDies;
    this.#executorDies = false;
    return dies;
  }

  /** Takes the stall that a run has reached, if any: what to wait for. */
  takeStall(
    promptId: string,
    nodeClass: string,
    step: number | undefined,
  ): Promise<void> | undefined {
    for (const armed of this.#stalls) {
      const { target } = armed;
      if (target.step !== step || (target.nodeClass ?? nodeClass) !== nodeClass) continue;
      this.#stalls.delete(armed);
      armed.reached(promptId);
      return armed.released;
    }
    return undefined;
  }

  #checkRoute(route: string): void {
    if (this.#routes.has(route)) return;
    throw invalid(`route ${route}`, `give one of ${[...this.#routes].join(", ")}`);
  }
}

/** The exception of a GPU without memory left. */
export function outOfMemory(): PythonError {
  return new PythonError("torch.OutOfMemoryError", "Allocation on device ");
}

function invalid(what: string, remedy: string): ConfigError {
  return new ConfigError("invalid_value", `Cannot arm a fault for ${what}; ${remedy}`);
}

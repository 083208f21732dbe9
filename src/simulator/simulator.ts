/**
 * The simulator put together: gate, HTTP server, process, files, record and faults.
 *
 * @module
 */

import {
  FaultBook,
  type NodeFault,
  type RouteFault,
  type Stall,
  type StallTarget,
} from "./faults.ts";
import { Gate } from "./server/gate.ts";
import { readOptions, type Settings, type SimulatorOptions } from "./options.ts";
import { ComfyProcess } from "./engine/process.ts";
import {
  EventLog,
  type ExecutionRecord,
  type SimulatorEvent,
  type SimulatorEventOf,
  type WhenOptions,
} from "./record.ts";
import { ROUTES } from "./server/routes/table.ts";
import { serve } from "./server/server.ts";
import { type FileArea, type FileStore, openStore } from "./files/store.ts";

/** How long a simulated restart takes. */
export interface RestartOptions {
  /** Milliseconds, by the simulator's clock, during which connections are refused. @default {0} */
  downMs?: number;
}

/** Misfortunes on request. Routes are named as in `record.requests`, such as `POST /prompt`. */
export interface SimulatorFaults {
  /** Cuts every WebSocket without a close frame; what runs goes on. */
  dropSockets(): void;
  /** While on, sockets stay open but nothing is sent over them. */
  mute(on: boolean): void;
  /** Stops, stays away, comes back on the same port with empty memory. Resolves when it is back, or closed. */
  restart(options?: RestartOptions): Promise<void>;
  /** Stops: memory is lost, connections are refused. Resolves when nothing runs any more. */
  goDown(): Promise<void>;
  /** Comes back on the same port after {@linkcode goDown}. */
  comeUp(): Promise<void>;
  /** Makes the next matching node stand still until released; an interrupt acts only after that. */
  stall(where?: string | StallTarget): Stall;
  /** Makes the next requests of a route fail. */
  failNext(route: string, fault?: RouteFault): void;
  /** Does what the next request of a route asks, then cuts the connection instead of answering. */
  loseNextAnswer(route: string): void;
  /** Makes the next sampler run out of memory. */
  oomNext(): void;
  /** Makes the next matching node raise an exception. */
  errorNext(fault: NodeFault): void;
  /** Slows the files of `/view` down; `undefined` ends it. */
  slowBytes(speed: { bytesPerSecond: number } | undefined): void;
  /** Kills the executor at the next node or prompt: prompts are taken, but nothing runs until a restart. */
  deadExecutor(): void;
}

/** A running simulator. Disposing closes it. */
export interface Simulator extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8188`. */
  readonly url: string;
  /** What it received and did. */
  readonly record: ExecutionRecord;
  /** Misfortunes on request. */
  readonly faults: SimulatorFaults;
  /**
   * Resolves with the first event of a type, past or to come, for which `matches` is true.
   *
   * @throws the signal's reason when it aborts first.
   */
  when<Type extends SimulatorEvent["type"]>(
    type: Type,
    matches?: (event: SimulatorEventOf<Type>) => boolean,
    options?: WhenOptions,
  ): Promise<SimulatorEventOf<Type>>;
  /** Stops at once and frees everything. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a simulated ComfyUI server. Needs the right to use the network on its address, and on
 * 127.0.0.1; the right to files only for directories that are given.
 *
 * @throws {ConfigError} `invalid_value` when an option is wrong.
 * @throws {TransportError} `address_in_use` or `address_invalid` when the port cannot be had.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = new SimulatorHost(readOptions(options));
  await host.start();
  return host;
}

class SimulatorHost implements Simulator {
  readonly record = new EventLog();
  readonly faults: SimulatorFaults;
  readonly #settings: Settings;
  readonly #book = new FaultBook(Object.keys(ROUTES));
  readonly #files: Record<FileArea, FileStore>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #gate: Gate;
  readonly #closing = new AbortController();
  #process: ComfyProcess;
  #port = 0;
  #closed: Promise<void> | undefined;

  constructor(settings: Settings) {
    const { directories, clock } = settings;
    this.#settings = settings;
    this.#files = {
      output: openStore("output", directories.output, () => clock.now()),
      input: openStore("input", directories.input, () => clock.now()),
      temp: openStore("temp", directories.temp, () => clock.now()),
    };
    this.#process = this.#startProcess();
    const currentProcess = () => this.#process;
    this.#server = serve({
      get process() {
        return currentProcess();
      },
      cut: (connection) => this.#gate.cut([connection]),
    });
    this.#gate = new Gate(settings.hostname, this.#server.addr.port);
    this.faults = this.#createFaults();
  }

  get url(): string {
    const { hostname } = this.#settings;
    return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${this.#port}`;
  }

  /** Opens the port; undoes everything when it cannot be had. */
  async start(): Promise<void> {
    try {
      await this.#files.temp.clear();
      this.#port = this.#gate.open(this.#settings.port);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  when<Type extends SimulatorEvent["type"]>(
    type: Type,
    matches?: (event: SimulatorEventOf<Type>) => boolean,
    options?: WhenOptions,
  ): Promise<SimulatorEventOf<Type>> {
    return this.record.when(type, matches, options);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new DOMException("The simulator was closed", "AbortError"));
    await this.#gate.shut();
    await this.#process.stop();
    await this.#server.shutdown();
  }

  #startProcess(): ComfyProcess {
    return new ComfyProcess({
      settings: this.#settings,
      files: this.#files,
      faults: this.#book,
      log: this.record,
    });
  }

  async #goDown(): Promise<void> {
    await this.#gate.shut();
    await this.#process.stop();
    this.record.emit({ type: "down" });
  }

  async #comeUp(): Promise<void> {
    await this.#files.temp.clear();
    if (this.#closing.signal.aborted) return;
    this.#process = this.#startProcess();
    this.#gate.open(this.#port);
    this.record.emit({ type: "up" });
  }

  async #restart({ downMs = 0 }: RestartOptions = {}): Promise<void> {
    await this.#goDown();
    const { signal } = this.#closing;
    if (downMs > 0) await this.#settings.clock.delay(downMs, signal).catch(rethrowUnless(signal));
    await this.#comeUp();
  }

  #createFaults(): SimulatorFaults {
    const book = this.#book;
    return {
      dropSockets: () => this.#gate.cut(this.#process.socketConnections),
      mute: (on) => void (this.#process.clients.isMuted = on),
      restart: (options) => this.#restart(options),
      goDown: () => this.#goDown(),
      comeUp: () => this.#comeUp(),
      stall: (where) => book.stall(where),
      failNext: (route, fault) => book.failNext(route, fault),
      loseNextAnswer: (route) => book.loseNextAnswer(route),
      oomNext: () => book.oomNext(),
      errorNext: (fault) => book.errorNext(fault),
      slowBytes: (speed) => book.slowBytes(speed?.bytesPerSecond),
      deadExecutor: () => book.deadExecutor(),
    };
  }
}

/** A wait that ends because the simulator is closed has ended well. */
function rethrowUnless(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

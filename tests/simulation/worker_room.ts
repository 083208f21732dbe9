/** The worker: one life after the other on one queue, restarted whenever it ends. */

import type { Config } from "../../src/config/mod.ts";
import type { Logger } from "../../src/log.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { isDeath } from "./world/database.ts";
import type { SimulatedTransport } from "./world/links.ts";
import { Process, type World } from "./world/world.ts";

/** Time in which a supervisor starts it again. */
const RESTART_MS = 1_000;

/** Keeps a worker running. */
export class WorkerRoom {
  readonly #world: World;
  readonly #config: Config;
  readonly #transport: SimulatedTransport;
  readonly #keeper: Process;
  /** Called with each life. */
  onLife: (process: Process) => void = () => {};
  /** The present life. */
  process: Process | undefined;
  /** The worker, once it has started. */
  worker: PixelsWorker | undefined;
  /** When the present life was ready, in virtual milliseconds. */
  readyMs = Infinity;
  #lives = 0;
  #isClosed = false;
  #downUntilMs = 0;

  constructor(
    world: World,
    config: Config,
    transport: SimulatedTransport,
    keeper: Process,
  ) {
    this.#world = world;
    this.#config = config;
    this.#transport = transport;
    this.#keeper = keeper;
  }

  /** Number of lives so far. */
  get lives(): number {
    return this.#lives;
  }

  /** Starts the next life. */
  start(): void {
    if (this.#isClosed || this.process?.isAlive === true) return;
    const process = new Process(`worker${++this.#lives}`);
    this.process = process;
    this.worker = undefined;
    this.readyMs = Infinity;
    this.onLife(process);
    const logger: Logger = {
      log: (level, message, fields) => {
        if (level === "debug" || !process.isAlive) return;
        this.#world.say(process.name, `${level}: ${message} ${JSON.stringify(fields ?? {})}`);
      },
    };
    const options = { config: this.#config, logger, transport: this.#transport };
    this.#world.say(process.name, "starts");
    this.#world.enter(process, () => startWorker(options)).then((worker) => {
      if (!process.isAlive) return;
      this.worker = worker;
      this.readyMs = this.#world.nowMs;
    }, (error) => {
      if (isDeath(error) || !process.isAlive) return;
      this.#world.say(process.name, `cannot start: ${String(error)}`);
      process.kill();
      this.#startIn(RESTART_MS);
    });
  }

  /** Kills it, to be started again after a while. */
  kill(downMs: number): void {
    const process = this.process;
    if (process?.isAlive !== true) return;
    this.#world.say("fault", `${process.name} is killed, down for ${downMs} ms`);
    process.kill();
    this.#startIn(downMs);
  }

  /** Drains it and starts it again. */
  restart(): void {
    const { process, worker } = this;
    if (process?.isAlive !== true || worker === undefined) return;
    this.#world.say("fault", `${process.name} is asked to stop`);
    this.#world.enter(process, () => worker.drain()).then(() => {
      if (!process.isAlive) return;
      this.#world.say(process.name, "has stopped");
      process.kill();
      this.#startIn(RESTART_MS);
    }, (error) => {
      if (isDeath(error) || !process.isAlive) return;
      this.#world.fail(`${process.name} cannot stop: ${String(error)}`);
    });
  }

  /** Stops it for good; resolves when it has stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { process, worker } = this;
    if (process === undefined || worker === undefined) return;
    await this.#world.enter(process, () => worker.drain());
  }

  #startIn(ms: number): void {
    this.#downUntilMs = this.#world.nowMs + ms;
    this.#world.schedule(this.#keeper, ms, "start the worker", () => {
      if (this.#world.nowMs >= this.#downUntilMs) this.start();
    });
  }
}

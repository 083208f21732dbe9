/** Client programs, one life after the other: they come back to the same ids. */

import { ClientLife, type ClientSurroundings } from "./client_life.ts";
import type { JobFate } from "./fate.ts";
import type { CallPlan } from "../plan.ts";
import { Process } from "../world/world.ts";

/** What a client program wants. */
export interface ClientWishes {
  readonly number: number;
  /** Its jobs. */
  readonly fates: readonly JobFate[];
  /** What it asks besides. */
  readonly calls: readonly CallPlan[];
}

/** One client program. */
export class ClientRoom {
  readonly #around: ClientSurroundings;
  readonly #keeper: Process;
  readonly #wishes: ClientWishes;
  #life: ClientLife | undefined;
  #lives = 0;

  constructor(around: ClientSurroundings, keeper: Process, wishes: ClientWishes) {
    this.#around = around;
    this.#keeper = keeper;
    this.#wishes = wishes;
  }

  /** The present life. */
  get process(): Process | undefined {
    return this.#life?.process;
  }

  /** True when it has learnt what became of all its jobs. */
  get isDone(): boolean {
    return this.#wishes.fates.every(({ verdict }) => verdict !== undefined);
  }

  /** Starts a life. */
  start(): void {
    const { world } = this.#around;
    const process = new Process(`client${this.#wishes.number}.${++this.#lives}`);
    const life = new ClientLife(this.#around, process, this.#wishes);
    this.#life = life;
    world.enter(process, () => life.live()).catch((error) => {
      world.fail(`${process.name} failed: ${String(error?.stack)}`);
    });
  }

  /** Dies, and comes back after a while. */
  kill(downMs: number): void {
    const { world } = this.#around;
    if (this.process?.isAlive !== true) return;
    world.say("fault", `${this.process.name} dies for ${downMs} ms`);
    this.process.kill();
    world.schedule(this.#keeper, downMs, "start a client", () => this.start());
  }

  /** Closes its client whatever is under way, and comes back after a while. */
  leave(downMs: number): void {
    const { world } = this.#around;
    const { process } = this;
    if (process?.isAlive !== true) return;
    world.say("fault", `${process.name} leaves for ${downMs} ms`);
    this.close().then(() => {
      if (!process.isAlive) return;
      world.schedule(this.#keeper, downMs, "end of a client that left", () => {
        this.#around.calls.expectNone(process, "though its client was closed");
        if (process.timers > 0) world.fail(`${process.name} left ${process.timers} timers`);
        process.kill();
        this.start();
      });
    });
  }

  /** Lets go of the worker. */
  async close(): Promise<void> {
    const life = this.#life;
    if (life !== undefined) await this.#around.world.enter(life.process, () => life.close());
  }
}

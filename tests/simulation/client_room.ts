/** Client programs: they submit, follow, cancel, die, and come back to the same ids. */

import { type Client, connect, JobError, TransportError } from "../../src/client/mod.ts";
import type { Logger } from "../../src/log.ts";
import type { Update } from "../../src/protocol/mod.ts";
import type { SimulatedTransport } from "./world/links.ts";
import { Process, type World } from "./world/world.ts";
import type { JobPlan } from "./plan.ts";

/** Where the worker listens. */
export const ADDRESSES = { reqAddress: "tcp://127.0.0.1:5555", pubAddress: "tcp://127.0.0.1:5556" };

/** What is known of a job outside the worker. */
export interface JobFate {
  readonly plan: JobPlan;
  /** True once a client was told that it is stored. */
  isAccepted: boolean;
  /** True once a client was told that it will not complete. */
  isCancelPromised: boolean;
  /** What the client learnt in the end. */
  verdict: string | undefined;
  /** Its images. */
  paths: readonly string[];
}

/** Refusals after which the same request may be sent again. */
const PASSING = new Set(["unavailable", "queue_full"]);

/** One client program, in one life after the other. */
export class ClientRoom {
  readonly #world: World;
  readonly #transport: SimulatedTransport;
  readonly #keeper: Process;
  readonly #name: string;
  readonly #fates: readonly JobFate[];
  #process: Process | undefined;
  #client: Client | undefined;
  #lives = 0;

  constructor(
    world: World,
    transport: SimulatedTransport,
    keeper: Process,
    number: number,
    fates: readonly JobFate[],
  ) {
    this.#world = world;
    this.#transport = transport;
    this.#keeper = keeper;
    this.#name = `client${number}`;
    this.#fates = fates;
  }

  /** The present life. */
  get process(): Process | undefined {
    return this.#process;
  }

  /** True when it has learnt what became of all its jobs. */
  get isDone(): boolean {
    return this.#fates.every(({ verdict }) => verdict !== undefined);
  }

  /** Starts a life. */
  start(): void {
    const process = new Process(`${this.#name}.${++this.#lives}`);
    this.#process = process;
    this.#world.enter(process, () => this.#live(process)).catch((error) => {
      this.#world.fail(`${process.name} failed: ${String(error)}`);
    });
  }

  /** Dies, and comes back after a while. */
  kill(downMs: number): void {
    if (this.#process?.isAlive !== true) return;
    this.#world.say("fault", `${this.#process.name} dies for ${downMs} ms`);
    this.#process.kill();
    this.#world.schedule(this.#keeper, downMs, "start a client", () => this.start());
  }

  /** Lets go of the worker. */
  async close(): Promise<void> {
    const [process, client] = [this.#process, this.#client];
    if (process === undefined || client === undefined) return;
    await this.#world.enter(process, () => client.close());
  }

  async #live(process: Process): Promise<void> {
    const logger: Logger = {
      log: (level, message) => this.#world.say(process.name, `${level}: ${message}`),
    };
    const client = await connect({ ...ADDRESSES, transport: this.#transport, logger });
    if (!process.isAlive) return;
    this.#client = client;
    for (const fate of this.#fates) {
      if (fate.verdict !== undefined) continue;
      const waitMs = Math.max(1, fate.plan.atMs - this.#world.nowMs);
      setTimeout(() => void this.#pursue(process, client, fate), waitMs);
      const { cancelAfterMs } = fate.plan;
      if (cancelAfterMs === undefined) continue;
      setTimeout(() => void this.#cancel(client, fate), waitMs + cancelAfterMs);
    }
  }

  async #pursue(process: Process, client: Client, fate: JobFate): Promise<void> {
    const { id, steps, seed, priority, deadlineS, isWrong } = fate.plan;
    for (;;) {
      const job = client.generate({
        id,
        prompt: "a knight",
        model: isWrong === true ? "nobody_has_this.safetensors" : "sd_xl_base_1.0.safetensors",
        size: [64, 64],
        steps,
        cfg_scale: 7,
        seed,
        ...(priority === undefined ? {} : { priority }),
        ...(deadlineS === undefined ? {} : { deadline_s: deadlineS }),
      });
      job.accepted.then(() => fate.isAccepted = true, () => {});
      this.#watch(client, job.updates(), fate);
      try {
        const { imagePaths } = await job.result;
        return this.#conclude(fate, "completed", imagePaths);
      } catch (error) {
        if (!isPassing(error)) return this.#conclude(fate, verdictOf(error), []);
        this.#world.say(this.#name, `${id} again: ${String(error)}`);
        await this.#world.sleep(process, 1_000);
      }
    }
  }

  #conclude(fate: JobFate, verdict: string, paths: readonly string[]): void {
    this.#world.say(this.#name, `${fate.plan.id} is ${verdict}`);
    if (fate.verdict !== undefined && fate.verdict !== verdict) {
      this.#world.fail(`${fate.plan.id} was ${fate.verdict} and then ${verdict}`);
    }
    fate.verdict = verdict;
    fate.paths = paths;
  }

  /** The story of a handle: started first, percent never falling in one life of the worker, one end. */
  async #watch(client: Client, updates: AsyncIterable<Update>, fate: JobFate): Promise<void> {
    const { id, cancelAtPercent = Infinity } = fate.plan;
    let [percent, isOver, isBegun, isCancelled] = [0, false, false, false];
    let epoch: number | undefined;
    for await (const update of updates) {
      if (isOver) this.#world.fail(`${id}: ${update.type} after its end`);
      if (update.type === "job_started" && isBegun) {
        this.#world.fail(`${id}: started in the middle of its story`);
      }
      isBegun = true;
      if (update.type === "progress") {
        if (update.epoch === epoch && update.percent < percent) {
          this.#world.fail(`${id}: percent fell from ${percent} to ${update.percent}`);
        }
        [percent, epoch] = [update.percent, update.epoch];
        if (percent >= cancelAtPercent && !isCancelled) void this.#cancel(client, fate);
        isCancelled ||= percent >= cancelAtPercent;
      }
      isOver = update.type === "job_complete" || update.type === "job_error";
    }
  }

  async #cancel(client: Client, fate: JobFate): Promise<void> {
    try {
      await client.cancel(fate.plan.id);
      fate.isCancelPromised = true;
      this.#world.say(this.#name, `${fate.plan.id} will be cancelled`);
    } catch {
      // It has ended, is not there yet, or nobody answers: nothing was promised.
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof TransportError ||
    (error instanceof JobError && PASSING.has(error.code));
}

function verdictOf(error: unknown): string {
  if (!(error instanceof JobError)) return `broken: ${String(error)}`;
  return error.code === "backend" ? `failed: ${error.message}` : error.code;
}

/** One life of a client program: it submits, follows, cancels, gives up, and asks this and that. */

import {
  type Client,
  connect,
  JobError,
  type JobHandle,
  type JobResult,
  TransportError,
} from "../../../src/client/mod.ts";
import type { Logger } from "../../../src/log.ts";
import type { CallPlan } from "../plan.ts";
import type { SimulatedTransport } from "../world/links.ts";
import { outside, type Process, type World } from "../world/world.ts";
import type { JobFate } from "./fate.ts";
import type { ClientWishes } from "./client_room.ts";
import type { OpenCalls } from "./open_calls.ts";
import { type Sent, Told } from "./told.ts";

/** Where the worker listens. */
export const ADDRESSES = { reqAddress: "tcp://127.0.0.1:5555", pubAddress: "tcp://127.0.0.1:5556" };

/** Longest time in which a client learns of an ending when all is well, in milliseconds. */
const MOST_TELLING_MS = 60_000;

/** Refusals after which the same request may be sent again. */
const PASSING = new Set(["unavailable", "queue_full"]);

/** What a client program lives in. */
export interface ClientSurroundings {
  readonly world: World;
  readonly transport: SimulatedTransport;
  readonly calls: OpenCalls;
  readonly sent: Sent;
  /** Since when a job has ended and nothing keeps a client from hearing of it, in virtual milliseconds. */
  readonly tellableFromMs: (id: string) => number;
  /** True if nothing is lost, delayed or restarted in this run, so that each update is told. */
  readonly isLossless: boolean;
  /** True if servers lie. */
  readonly hasLiars: boolean;
}

/** One life. */
export class ClientLife {
  readonly process: Process;
  readonly #around: ClientSurroundings;
  readonly #wishes: ClientWishes;
  #client: Client | undefined;
  #isClosed = false;

  constructor(around: ClientSurroundings, process: Process, wishes: ClientWishes) {
    this.#around = around;
    this.process = process;
    this.#wishes = wishes;
  }

  /** Connects, and begins with all that is still wanted. */
  async live(): Promise<void> {
    const { world, transport } = this.#around;
    const logger: Logger = {
      log: (level, message) => world.say(this.process.name, `${level}: ${message}`),
    };
    const client = await connect({ ...ADDRESSES, transport, logger });
    if (!this.process.isAlive || this.#isClosed) return await client.close();
    this.#client = client;
    for (const fate of this.#wishes.fates) {
      if (fate.verdict !== undefined) continue;
      const { atMs, cancelAfterMs, isFollowedTwice } = fate.plan;
      const handles = isFollowedTwice === true ? 2 : 1;
      for (let handle = 0; handle < handles; handle++) {
        this.#at(atMs, () => this.#pursue(client, fate, handle === 0));
      }
      if (cancelAfterMs === undefined) continue;
      this.#at(atMs + cancelAfterMs, () => this.#cancel(client, fate));
    }
    for (const call of this.#wishes.calls) this.#at(call.atMs, () => this.#ask(client, call));
  }

  /** Lets go of the worker. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client?.close();
  }

  /** Does something at a time, or at once if that is over. */
  #at(atMs: number, run: () => Promise<void>): void {
    const { world } = this.#around;
    const waitMs = Math.max(1, atMs - world.nowMs);
    world.schedule(this.process, waitMs, "wish", () => this.#isClosed || void run());
  }

  /** Follows a job to its end, as often as it takes. */
  async #pursue(client: Client, fate: JobFate, mayGiveUp: boolean): Promise<void> {
    const { givesUpAfterMs } = fate.plan;
    const patienceMs = mayGiveUp ? givesUpAfterMs : undefined;
    for (let times = 0; !this.#isClosed && this.process.isAlive; times++) {
      const error = await this.#follow(client, fate, times === 0 ? patienceMs : undefined);
      if (error === undefined) return;
      this.#say(`${fate.plan.id} again: ${String(error)}`);
      await this.#around.world.sleep(this.process, 1_000);
    }
  }

  /** Submits a job and follows it; resolves with what lets one try again, if something does. */
  async #follow(
    client: Client,
    fate: JobFate,
    patienceMs: number | undefined,
  ): Promise<unknown> {
    const { world, calls } = this.#around;
    const { id } = fate.plan;
    const giving = new AbortController();
    const bored = `gives ${id} up`;
    const timer = patienceMs === undefined
      ? undefined
      : setTimeout(() => giving.abort(bored), patienceMs);
    const begunMs = world.nowMs;
    const job = client.generate(requestOf(fate), { signal: giving.signal });
    const accepted = calls.watch(this.process, `accepted of ${id}`, job.accepted);
    accepted.then(() => fate.isAccepted = true, () => {});
    const told = new Told(world, this.#around.sent, id);
    this.#listen(client, job, fate, told);
    const settled = await calls.watch(this.process, `result of ${id}`, job.result, Infinity)
      .then((result) => ({ result, error: undefined }), (error) => ({ result: undefined, error }));
    clearTimeout(timer);
    const { result, error } = settled;
    const mayTryAgain = error !== undefined && (error === bored || isPassing(error));
    const verdict = result !== undefined
      ? "completed"
      : mayTryAgain
      ? "given up"
      : verdictOf(error);
    await this.#end(fate, job, told, { verdict, paths: result?.imagePaths ?? [], begunMs });
    if (result !== undefined && fate.plan.isFetched === true) await this.#fetch(job, result);
    return mayTryAgain ? error : undefined;
  }

  /** Looks at a handle that has settled. */
  async #end(
    fate: JobFate,
    job: JobHandle,
    told: Told,
    ending: { verdict: string; paths: readonly string[]; begunMs: number },
  ): Promise<void> {
    const { world, isLossless } = this.#around;
    const { verdict, begunMs } = ending;
    const { id } = fate.plan;
    const endedMs = world.nowMs;
    // All that can go on goes on.
    await world.sleep(this.process, 1);
    if (!this.process.isAlive) return;
    told.end(ending, await all(job.updates()));
    if (isLossless) told.expectAll(begunMs, endedMs);
    if (verdict === "given up") return;
    const waitedMs = endedMs - Math.max(begunMs, this.#around.tellableFromMs(id));
    if (waitedMs > MOST_TELLING_MS) {
      world.fail(`${id} had ended for ${Math.round(waitedMs / 1_000)} s before its client heard`);
    }
    this.#say(`${id} is ${verdict}`);
    // Liars may have one handle refused and the next one not, or for another reason.
    const wasRefused = REFUSALS.has(fate.verdict ?? "");
    const mayDiffer = this.#around.hasLiars && (fate.isAccepted || wasRefused);
    if (mayDiffer && REFUSALS.has(verdict)) return;
    if (mayDiffer && wasRefused) fate.verdict = undefined;
    if (fate.verdict !== undefined && fate.verdict !== verdict) {
      world.fail(`${id} was ${fate.verdict} and then ${verdict}`);
    }
    fate.verdict = verdict;
    fate.paths = ending.paths;
  }

  async #listen(client: Client, job: JobHandle, fate: JobFate, told: Told): Promise<void> {
    const { cancelAtPercent = Infinity } = fate.plan;
    let isCancelled = false;
    for await (const update of job.updates()) {
      told.take(update);
      if (update.type !== "progress" || update.percent < cancelAtPercent || isCancelled) continue;
      isCancelled = true;
      void this.#cancel(client, fate);
    }
    told.isOver = true;
  }

  async #cancel(client: Client, fate: JobFate): Promise<void> {
    const { id } = fate.plan;
    try {
      await this.#around.calls.watch(this.process, `cancel of ${id}`, client.cancel(id));
      fate.isCancelPromised = true;
      this.#say(`${id} will be cancelled`);
    } catch {
      // It has ended, is not there yet, or nobody answers: nothing was promised.
    }
  }

  /** The images that are fetched are the files. */
  async #fetch(job: JobHandle, { imagePaths }: JobResult): Promise<void> {
    const { calls, world } = this.#around;
    try {
      const images = await calls.watch(this.process, `images of ${job.id}`, all(job.images()));
      for (const [index, path] of imagePaths.entries()) {
        const file = outside(() => Deno.readFileSync(path));
        const isSame = images[index]?.data.every((byte, place) => byte === file[place]);
        if (isSame !== true || images[index]?.data.length !== file.length) {
          world.fail(`${job.id}: image ${index} is not the file`);
        }
      }
      this.#say(`${job.id}: ${images.length} images fetched`);
    } catch (error) {
      if (!isPassing(error)) world.fail(`images of ${job.id}: ${String(error)}`);
    }
  }

  async #ask(client: Client, { what, job }: CallPlan): Promise<void> {
    const calls: Record<CallPlan["what"], () => Promise<unknown>> = {
      ping: () => client.ping(),
      status: () => client.status(),
      job: () => client.job(job),
      jobs: () => client.jobs(),
      models: () => client.models(),
      servers: () => client.servers(),
      workflows: () => client.workflows(),
    };
    try {
      await this.#around.calls.watch(this.process, what, calls[what]());
    } catch (error) {
      this.#say(`${what} fails: ${String(error)}`);
    }
  }

  #say(what: string): void {
    this.#around.world.say(this.process.name, what);
  }
}

function requestOf({ plan }: JobFate): Parameters<Client["generate"]>[0] {
  const { id, steps, seed, priority, deadlineS, isWrong } = plan;
  return {
    id,
    prompt: "a knight",
    model: isWrong === true ? "nobody_has_this.safetensors" : "sd_xl_base_1.0.safetensors",
    size: [64, 64],
    steps,
    cfg_scale: 7,
    seed,
    ...(priority === undefined ? {} : { priority }),
    ...(deadlineS === undefined ? {} : { deadline_s: deadlineS }),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

function isPassing(error: unknown): boolean {
  return error instanceof TransportError ||
    (error instanceof JobError && PASSING.has(error.code));
}

/** How a request that was not taken ends. */
const REFUSALS = new Set(["invalid_parameter", "model_not_found"]);

function verdictOf(error: unknown): string {
  if (!(error instanceof JobError)) return `broken: ${String(error)}`;
  return error.code === "backend" ? `failed: ${error.message}` : error.code;
}

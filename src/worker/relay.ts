/** How the jobs of other workers come along, told to the subscribers of this one. */

import { type Logger, silentLogger } from "../log.ts";
import { decodeUpdate, type Update } from "../protocol/mod.ts";
import type { Neighbours, Peer, ServerElsewhere } from "../queue/mod.ts";
import type { ConnectSocketOptions, UpdateSubscriber } from "../transport/mod.ts";
import type { Publisher } from "./publisher.ts";

/** What a relay works with. */
export interface RelayOptions {
  /** Subscribes to a worker. */
  connect: (address: string, options: ConnectSocketOptions) => Promise<UpdateSubscriber>;
  /** This worker's own CURVE keys, if it has some: others ask for them. */
  keys?: { readonly publicKey: string; readonly secretKey: string } | undefined;
  /** Tells what was heard. */
  publisher: Publisher;
  /** Whether the ending of a job was told here, after which nothing follows. */
  isTold: (jobId: string) => boolean;
  /** Whether this worker runs a job itself. */
  isOwn: (jobId: string) => boolean;
  /** Percent that was told of a job when it ran here; 0 if it never did. */
  percentOf: (jobId: string) => number;
  /** Takes log lines. */
  logger?: Logger;
  /** Milliseconds of a clock that never goes back. @default {performance.now} */
  now?: () => number;
}

/** Follows the updates of the others. */
export interface Relay extends AsyncDisposable {
  /** Looks who is there now, and what they say they do. */
  look(others: Pick<Neighbours, "servers" | "peers">): Promise<void>;
  /** Percent that others were last heard to have done of a job; 0 if nothing was heard. */
  heardPercent(jobId: string): number;
  /** A job has ended. */
  forget(jobId: string): void;
}

/** Jobs whose progress is remembered. */
const REMEMBERED = 10_000;

/** A worker that has jobs for so long altogether and is not heard of meanwhile, in milliseconds, cannot be reached. */
const SILENT_MS = 10_000;

/** Starts with nobody. */
export function createRelay(options: RelayOptions): Relay {
  const { logger = silentLogger, now = () => performance.now() } = options;
  const lines = new Map<string, Line>();
  const percents = new Map<string, number>();
  const take = (worker: string, update: Update) => {
    if (!isOnTheWay(update) || options.isTold(update.job_id) || options.isOwn(update.job_id)) {
      return;
    }
    // What was relayed comes from where it began, too.
    if (update.worker !== undefined) return;
    if (update.type === "progress" && !rises(percents, update, options)) return;
    options.publisher.publish({ ...update, worker });
  };
  return {
    async look({ servers, peers }) {
      const present = new Map(peers.map((peer) => [keyOf(peer), peer]));
      for (const [key, line] of lines) {
        if (present.has(key)) continue;
        lines.delete(key);
        await line.close();
      }
      for (const [key, peer] of present) {
        if (!lines.has(key)) lines.set(key, await Line.open(peer, options, take, now));
      }
      for (const line of lines.values()) line.listen(servers, logger);
    },
    heardPercent: (jobId) => percents.get(jobId) ?? 0,
    forget: (jobId) => void percents.delete(jobId),
    async [Symbol.asyncDispose]() {
      await Promise.all([...lines.values()].map((line) => line.close()));
      lines.clear();
    },
  };
}

/** One worker that is listened to. */
class Line {
  readonly #peer: Peer;
  readonly #now: () => number;
  readonly #updates: UpdateSubscriber | undefined;
  #reading: Promise<void> = Promise.resolve();
  /** How long it has had something to tell since it was heard last. */
  #unheardMs = 0;
  #lookedAtMs: number;
  #isSilent = false;

  /** Listens to what `updates` says, which was connected to the worker; see {@linkcode Line.open}. */
  constructor(peer: Peer, updates: UpdateSubscriber | undefined, now: () => number) {
    this.#peer = peer;
    this.#updates = updates;
    this.#now = now;
    this.#lookedAtMs = now();
  }

  static async open(
    peer: Peer,
    { connect, keys }: RelayOptions,
    take: (worker: string, update: Update) => void,
    now: () => number,
  ): Promise<Line> {
    const { publicKey: serverKey } = peer;
    const curve = serverKey === undefined || keys === undefined
      ? {}
      : { curve: { ...keys, serverKey } };
    // An address that is none: it is told as silent.
    const updates = await connect(peer.updatesAddress, curve).catch(() => undefined);
    const line = new Line(peer, updates, now);
    if (updates !== undefined) line.#reading = line.#read(updates, take);
    return line;
  }

  /** Says so, once, if the worker has jobs and nothing is heard of them. */
  listen(servers: readonly ServerElsewhere[], logger: Logger): void {
    const isBusy = servers.some(({ worker, active }) => worker === this.#peer.name && active > 0);
    const nowMs = this.#now();
    if (isBusy) this.#unheardMs += nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const wasSilent = this.#isSilent;
    this.#isSilent = this.#unheardMs >= SILENT_MS;
    if (!this.#isSilent || wasSilent) return;
    const { name, updatesAddress } = this.#peer;
    const how =
      "its endings are told, its progress is not; look at --peer-addr, keys and firewalls";
    logger.log("warn", `Nothing is heard of worker ${name} at ${updatesAddress}: ${how}`);
  }

  async close(): Promise<void> {
    await this.#updates?.close();
    await this.#reading;
  }

  async #read(
    updates: UpdateSubscriber,
    take: (worker: string, update: Update) => void,
  ): Promise<void> {
    for await (const bytes of updates) {
      this.#unheardMs = 0;
      try {
        take(this.#peer.name, decodeUpdate(bytes));
      } catch {
        // A newer worker may tell what this one does not know.
      }
    }
  }
}

type OnTheWay = Extract<Update, { type: "job_started" | "progress" | "preview" }>;

function isOnTheWay(update: Update): update is OnTheWay {
  return update.type === "job_started" || update.type === "progress" || update.type === "preview";
}

/** Percent never falls, also when another worker begins anew. */
function rises(
  percents: Map<string, number>,
  { job_id, percent }: Extract<Update, { type: "progress" }>,
  { percentOf }: Pick<RelayOptions, "percentOf">,
) {
  if (percent < Math.max(percents.get(job_id) ?? 0, percentOf(job_id))) return false;
  percents.delete(job_id);
  percents.set(job_id, percent);
  const [oldest] = percents.keys();
  if (percents.size > REMEMBERED && oldest !== undefined) percents.delete(oldest);
  return true;
}

function keyOf({ name, updatesAddress, publicKey = "" }: Peer): string {
  return [name, updatesAddress, publicKey].join("\n");
}

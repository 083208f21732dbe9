/** Jobs of a measurement: submitted, and watched by a subscriber. */

import { decode } from "@msgpack/msgpack";
import {
  decodeReply,
  encodeRequest,
  type GenerateRequest,
  type Update,
} from "../../../src/protocol/mod.ts";
import { type UpdateSubscriber, zmqTransport } from "../../../src/transport/mod.ts";
import { startChild } from "./child.ts";
import { wallMs } from "./clock.ts";
import { nativeSource, PYTHON } from "./native.ts";
import type { Party } from "./parties.ts";

/** An update, and when it came on the clock of `wallMs()`. */
export interface Heard {
  readonly atMs: number;
  readonly update: Update & Record<string, unknown>;
}

/** A subscriber to a party. */
export interface Watch extends AsyncDisposable {
  /** All that was heard so far. */
  readonly heard: readonly Heard[];
  /** Resolves with the update of this type for a job, past or to come. */
  find(jobId: string, type: Update["type"]): Promise<Heard>;
  /** Number of updates of a type so far. */
  counted(type: Update["type"]): number;
  /** Resolves when so many of a type were heard. */
  count(type: Update["type"], number: number): Promise<void>;
}

/** Time for a subscription to reach its publisher, in milliseconds. */
const SETTLE_MS = 200;

/** Fewer than a worker lets wait by default. */
const MOST_WAITING = 500;

let jobs = 0;

/** What is asked for where a row does not say. */
export function request(fields: Partial<GenerateRequest> = {}): GenerateRequest {
  jobs += 1;
  return {
    type: "generate",
    id: `job-${crypto.randomUUID()}`,
    prompt: `a knight, number ${jobs}`,
    model: "sd_xl_base_1.0.safetensors",
    size: [64, 64],
    steps: 5,
    cfg_scale: 7,
    ...fields,
  };
}

/** A connection that submits. */
export interface Submitter extends AsyncDisposable {
  /** Submits a job; tells when it was accepted. @throws {Error} if it was refused. */
  submit(fields?: Partial<GenerateRequest>): Promise<{ id: string; atMs: number }>;
}

/** Connects to a party. */
export async function connectTo(party: Party): Promise<Submitter> {
  const client = await zmqTransport().connectRequests(party.requests);
  return {
    async submit(fields = {}) {
      const job = request(fields);
      const reply = decodeReply(await client.request(encodeRequest(job)));
      const atMs = wallMs();
      if (reply.type !== "job_accepted") throw new Error(`Refused: ${JSON.stringify(reply)}`);
      return { id: job.id, atMs };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Submits one job over a connection of its own. */
export async function submit(party: Party, fields?: Partial<GenerateRequest>): Promise<string> {
  await using connection = await connectTo(party);
  return (await connection.submit(fields)).id;
}

/** Runs jobs that the server needs no time for; resolves with the time from the first to the last. */
export async function runJobs(party: Party, jobs: number): Promise<number> {
  await using connection = await connectTo(party);
  await using counter = startChild(PYTHON, [nativeSource("count_endings.py"), party.updates]);
  await counter.next();
  const began = performance.now();
  for (let done = 0; done < jobs; done += MOST_WAITING) {
    const count = Math.min(MOST_WAITING, jobs - done);
    await counter.tell(String(count));
    await Promise.all(Array.from({ length: count }, () => connection.submit({ steps: 1 })));
    await counter.next();
  }
  return performance.now() - began;
}

/** Subscribes to a party. */
export async function watch(party: Party): Promise<Watch> {
  const subscriber = await zmqTransport().connectUpdates(party.updates);
  const heard: Heard[] = [];
  const counts = new Map<string, number>();
  let change = Promise.withResolvers<void>();
  const reading = readAll(subscriber, (item) => {
    heard.push(item);
    counts.set(item.update.type, (counts.get(item.update.type) ?? 0) + 1);
    change.resolve();
    change = Promise.withResolvers();
  });
  await wait(SETTLE_MS);
  return {
    heard,
    counted: (type) => counts.get(type) ?? 0,
    async find(jobId, type) {
      for (let next = 0;; next += 1) {
        while (heard[next] === undefined) await change.promise;
        const item = heard[next];
        if (item?.update.job_id === jobId && item.update.type === type) return item;
      }
    },
    async count(type, number) {
      while ((counts.get(type) ?? 0) < number) await change.promise;
    },
    async [Symbol.asyncDispose]() {
      await subscriber.close();
      await reading;
    },
  };
}

/** Resolves after a time; a measurement may wait where a test may not. */
export function wait(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

async function readAll(subscriber: UpdateSubscriber, take: (item: Heard) => void): Promise<void> {
  for await (const bytes of subscriber) {
    const atMs = wallMs();
    // Not by our decoder: it passes over fields that are not ours.
    take({ atMs, update: decode(bytes) as Heard["update"] });
  }
}

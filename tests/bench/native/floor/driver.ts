/**
 * A floor for what this worker is made of: the bare driver in an isolate, sampler steps told through shared
 * memory, and a main thread that takes requests, stores each job, its claim and its ending durably and publishes
 * steps and endings. It leases, checks, measures and limits nothing. Arguments as for the bare driver; prints
 * where it listens.
 */

import { DatabaseSync } from "node:sqlite";
import { decode, encode } from "@msgpack/msgpack";
import { zmqTransport } from "../../../../src/transport/mod.ts";
import { MOST_AT_ONCE } from "../lane.ts";
import { tell } from "../loads.ts";
import { createMemory, type Start, type Task, type Told, viewOf } from "./messages.ts";

const [folder = "", ...urls] = Deno.args;

const { bindRequests, bindUpdates } = zmqTransport();
const requests = await bindRequests("tcp://127.0.0.1:*");
const publisher = await bindUpdates("tcp://127.0.0.1:*");
const database = new DatabaseSync(`${folder}/queue.db`);
database.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table jobs (id text primary key, state text, body text);
`);
const insert = database.prepare("insert into jobs values (?, 'waiting', ?)");
const update = database.prepare("update jobs set state = ? where id = ?");

const memory = createMemory();
const { counter, stepAt } = viewOf(memory);
const isolate = new Worker(new URL("isolate.ts", import.meta.url), { type: "module" });
const ready = Promise.withResolvers<void>();
/** By their numbers. */
const jobs = new Map<number, { id: string; steps: number }>();
const waiting: number[] = [];
const loads = urls.map(() => 0);
let count = 0;
let seq = 0;
let read = 0;

isolate.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data === "ready") return ready.resolve();
  // A message can overtake what was written before it.
  tellSteps();
  const { number, server } = data;
  const job_id = jobs.get(number)!.id;
  const next = waiting.shift();
  loads[server]! -= 1;
  // The ending and the next claim share a transaction.
  database.exec("begin");
  update.run("complete", job_id);
  if (next !== undefined) update.run("running", jobs.get(next)!.id);
  database.exec("commit");
  if (next !== undefined) handOut(next, server);
  publish({ type: "job_complete", job_id });
  publish({ type: "job_finished", job_id, success: true });
  jobs.delete(number);
};

isolate.postMessage({ memory, folder, urls } satisfies Start);
await ready.promise;
readSteps();
tell({ address: requests.address, updates: publisher.address });
for await (const request of requests) {
  const body = decode(request.frames[0]!) as { id: string; steps: number };
  const number = count++;
  jobs.set(number, body);
  const server = loads.indexOf(Math.min(...loads));
  const isFree = loads[server]! < MOST_AT_ONCE;
  // A job and its claim share a transaction where a server has room.
  if (isFree) database.exec("begin");
  insert.run(body.id, JSON.stringify(body));
  if (isFree) {
    update.run("running", body.id);
    database.exec("commit");
    handOut(number, server);
  } else {
    waiting.push(number);
  }
  request.reply(encode({ type: "job_accepted", job_id: body.id, estimated_time_s: 1 }));
}

function handOut(number: number, server: number): void {
  loads[server]! += 1;
  const job = { id: crypto.randomUUID(), steps: jobs.get(number)!.steps, images: [] };
  isolate.postMessage({ job, number, server } satisfies Task);
}

async function readSteps(): Promise<never> {
  for (;;) {
    const written = tellSteps();
    await Atomics.waitAsync(counter, 0, written).value;
  }
}

function tellSteps(): number {
  const written = Atomics.load(counter, 0);
  for (; read !== written; read += 1) {
    const [number, step, total_steps] = stepAt(read);
    const job_id = jobs.get(number!)!.id;
    publish({ type: "progress", job_id, stage: "sampling", step, total_steps });
  }
  return written;
}

function publish(message: Record<string, unknown>): void {
  seq += 1;
  publisher.publish(encode({ ...message, seq }));
}

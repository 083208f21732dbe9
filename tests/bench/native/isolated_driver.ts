/**
 * A floor for what this worker is made of: the bare driver in an isolate, sampler steps told through shared
 * memory, and a main thread that stores each job, its claim and its ending durably and publishes steps and
 * endings. It leases, checks, measures and limits nothing. Arguments as for the bare driver.
 */

import { DatabaseSync } from "node:sqlite";
import { encode } from "@msgpack/msgpack";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { createMemory, type Start, type Task, type Told, viewOf } from "./isolated_messages.ts";
import { type Job, MOST_AT_ONCE } from "./lane.ts";
import { runLoads, tell } from "./loads.ts";

const [folder = "", ...urls] = Deno.args;

const publisher = await zmqTransport().bindUpdates("tcp://127.0.0.1:*");
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
const isolate = new Worker(new URL("isolated_lanes.ts", import.meta.url), { type: "module" });
const ready = Promise.withResolvers<void>();
let tasks: Task[] = [];
let waiting: Task[] = [];
let left = 0;
let done = Promise.withResolvers<void>();
let seq = 0;
let read = 0;

isolate.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data === "ready") return ready.resolve();
  // A message can overtake what was written before it.
  tellSteps();
  const task = tasks[data.number]!;
  const next = waiting.shift();
  // The ending and the next claim share a transaction.
  database.exec("begin");
  update.run("complete", task.job.id);
  if (next !== undefined) update.run("running", next.job.id);
  database.exec("commit");
  if (next !== undefined) isolate.postMessage({ ...next, server: data.server });
  publish({ type: "job_complete", job_id: task.job.id });
  publish({ type: "job_finished", job_id: task.job.id, success: true });
  left -= 1;
  if (left === 0) done.resolve();
};

isolate.postMessage({ memory, folder, urls } satisfies Start);
await ready.promise;
readSteps();
tell({ updates: publisher.address });
await runLoads(async (jobs: Job[]) => {
  done = Promise.withResolvers();
  left = jobs.length;
  tasks = jobs.map((job, number) => ({ job, number, server: 0 }));
  for (const { id, steps } of jobs) insert.run(id, JSON.stringify({ prompt: "a knight", steps }));
  waiting = [...tasks];
  for (const task of waiting.splice(0, urls.length * MOST_AT_ONCE)) {
    update.run("running", task.job.id);
    isolate.postMessage({ ...task, server: task.number % urls.length });
  }
  await done.promise;
});

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
    const job_id = tasks[number ?? 0]!.job.id;
    publish({ type: "progress", job_id, stage: "sampling", step, total_steps });
  }
  return written;
}

function publish(message: Record<string, unknown>): void {
  seq += 1;
  publisher.publish(encode({ ...message, seq }));
}

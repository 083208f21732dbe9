/** The promises of the worker, held to account while a simulated one runs and when it is at rest. */

import { DatabaseSync } from "node:sqlite";
import { decodeReply, decodeUpdate, type Update } from "../../src/protocol/mod.ts";
import type { JobFate } from "./clients/fate.ts";
import type { FaultKind, Plan } from "./plan.ts";
import type { World } from "./world/world.ts";

interface SeenRow {
  readonly state: string;
  /** When it came to be in this state, in virtual milliseconds. */
  readonly sinceMs: number;
}

const TERMINAL = new Set(["completed", "failed", "cancelled"]);

/** Looks at each change of the queue: nothing vanishes, and what has ended stays as it ended. */
export class QueueWatch {
  readonly #world: World;
  readonly #seen = new Map<string, SeenRow>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Since when a job is in its last state, in virtual milliseconds; the present for an unknown one. */
  sinceMs(id: string): number {
    return this.#seen.get(id)?.sinceMs ?? this.#world.nowMs;
  }

  /** Looks at an answer: what is in the queue was not refused. */
  hear(body: Uint8Array): void {
    const reply = decodeReply(body);
    if (reply.type !== "job_error" || !this.#seen.has(reply.job_id)) return;
    if (!/^(Invalid parameter: (?!id:)|Model not found)/.test(reply.error)) return;
    this.#world.fail(`${reply.job_id} is in the queue and was refused: ${reply.error}`);
  }

  /** Looks at the rows after a change. */
  look(db: DatabaseSync): void {
    const rows = db.prepare("SELECT id, state, token, outcome FROM jobs").all();
    const ids = new Set<string>();
    for (const row of rows) {
      const id = String(row.id);
      const state = String(row.state);
      ids.add(id);
      const before = this.#seen.get(id);
      if (before !== undefined && TERMINAL.has(before.state) && before.state !== state) {
        this.#world.fail(`${id} was ${before.state} and became ${state}`);
      }
      if (TERMINAL.has(state) !== (row.outcome !== null)) {
        this.#world.fail(`${id} is ${state} with outcome ${row.outcome}`);
      }
      if ((state === "running") !== (row.token !== null)) {
        this.#world.fail(`${id} is ${state} with lease ${row.token}`);
      }
      if (before?.state !== state) this.#world.say("queue", `${id} is ${state}`);
      const sinceMs = before?.state === state ? before.sinceMs : this.#world.nowMs;
      this.#seen.set(id, { state, sinceMs });
    }
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#world.fail(`${id} has vanished`);
  }
}

/** Looks at each update of one life: in order, `percent` never falling, nothing after the end. */
export class UpdateWatch {
  readonly #world: World;
  readonly #percent = new Map<string, number>();
  readonly #started = new Set<string>();
  readonly #over = new Set<string>();
  #seq: number | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Looks at an update as it is published. */
  look(body: Uint8Array): void {
    const update: Update = decodeUpdate(body);
    const { job_id: id, type, seq } = update;
    const fail = (what: string) => this.#world.fail(`${id}: ${what}`);
    if (type !== "progress" && type !== "preview") this.#world.say("update", `${type} ${id}`);
    if (seq === undefined || (this.#seq !== undefined && seq !== this.#seq + 1)) {
      fail(`update ${seq} after ${this.#seq}`);
    }
    this.#seq = seq;
    if (this.#over.has(id)) fail(`${type} after its end`);
    if (type === "job_started" && this.#started.has(id)) fail("started twice");
    if (type === "job_started") this.#started.add(id);
    if (type === "progress") {
      const before = this.#percent.get(id) ?? 0;
      if (update.percent < before) fail(`percent fell from ${before} to ${update.percent}`);
      this.#percent.set(id, update.percent);
    }
    if (type === "job_complete" || type === "job_error") this.#over.add(id);
    if (type === "job_finished" && !update.success) this.#percent.set(id, Infinity);
  }
}

/** Misfortunes after which a prompt or a job may rightly run again. */
const EXCUSES = new Set<FaultKind>([
  "server dies",
  "server unreachable",
  "executor dead",
  "web lossy",
  "server lies",
  "worker freezes",
  "isolate freezes",
  "out of memory",
  "disk full",
]);

/** An execution on a server. */
export interface Ran {
  readonly server: number;
  readonly promptId: string;
  readonly seed: number;
  readonly outcome: string | undefined;
}

/** Looks at what is left when all is at rest. */
export function checkRest(
  world: World,
  plan: Plan,
  { dbPath, fates, ran }: { dbPath: string; fates: readonly JobFate[]; ran: readonly Ran[] },
): void {
  checkRows(world, dbPath, fates);
  for (const { plan: job, paths, verdict, isAccepted, isCancelPromised } of fates) {
    if (isCancelPromised && verdict === "completed") {
      world.fail(`${job.id} completed, though its cancelling was promised`);
    }
    if (isAccepted && verdict === "lost") world.fail(`${job.id} was accepted and lost`);
    if (verdict?.startsWith("broken")) world.fail(`${job.id}: ${verdict}`);
    if (verdict === "completed" && paths.length === 0) world.fail(`${job.id} has no image`);
    for (const path of paths) {
      const flaw = flawOf(path);
      if (flaw !== undefined) world.fail(`${job.id} is completed, but ${path} is ${flaw}`);
    }
  }
  checkRuns(world, plan, ran);
}

function checkRows(world: World, dbPath: string, fates: readonly JobFate[]): void {
  using closing = new DisposableStack();
  const db = new DatabaseSync(dbPath);
  closing.defer(() => db.close());
  const rows = new Map(
    db.prepare("SELECT * FROM jobs").all().map((row) => [String(row.id), row]),
  );
  for (const { plan: job, verdict, isAccepted } of fates) {
    const row = rows.get(job.id);
    if (row === undefined) {
      if (isAccepted) world.fail(`${job.id} was accepted and is gone`);
      continue;
    }
    if (!TERMINAL.has(String(row.state))) world.fail(`${job.id} is ${row.state} for ever`);
    if (row.announced !== 1) world.fail(`the end of ${job.id} was not told`);
    if (verdict?.split(":")[0] !== row.state && isAccepted) {
      world.fail(`${job.id} is ${row.state}, but its client heard ${verdict}`);
    }
    const ends = db.prepare(
      `SELECT count(*) AS n FROM changes WHERE job_seq = ? AND to_state IN
       ('completed', 'failed', 'cancelled')`,
    ).get(row.seq!);
    if (ends?.n !== 1) world.fail(`${job.id} ended ${ends?.n} times`);
  }
}

function checkRuns(world: World, plan: Plan, ran: readonly Ran[]): void {
  const excused = plan.faults.some(({ kind }) => EXCUSES.has(kind));
  if (excused) return;
  const [prompts, jobs] = [new Map<string, number>(), new Map<number, number>()];
  for (const { promptId, seed, outcome } of ran) {
    prompts.set(promptId, (prompts.get(promptId) ?? 0) + 1);
    if (outcome === "success") jobs.set(seed, (jobs.get(seed) ?? 0) + 1);
  }
  for (const [promptId, times] of prompts) {
    if (times > 1) world.fail(`prompt ${promptId} ran ${times} times`);
  }
  for (const [seed, times] of jobs) {
    if (times > 1) world.fail(`job-${seed - 1_000_000} was generated ${times} times`);
  }
}

/** What is wrong with an image, if anything: it is missing, or without its end. */
export function flawOf(path: string): string | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    const end = new TextDecoder("latin1").decode(bytes.subarray(-8, -4));
    return end === "IEND" ? undefined : `cut off after ${bytes.length} bytes`;
  } catch {
    return "missing";
  }
}

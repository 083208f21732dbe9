/** `watch`: a screen of all jobs and servers that keeps up with them. */

import type { CallOptions, Client } from "../../client/mod.ts";
import { ConfigError } from "../../errors.ts";
import type { JobDescription } from "../../protocol/mod.ts";
import { type ConnectionOptions, isSilence, openClient } from "../connection.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";
import { pause } from "../pause.ts";
import { renderScreen, type Snapshot } from "../watch_screen.ts";

/** Options of the command. */
export interface WatchOptions extends ConnectionOptions {
  /** Seconds between two looks. */
  interval: number;
}

/** The screen beside the usual one, without a cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** Ends the command, as does Ctrl-C, which is a key where keys are read. */
// deno-lint-ignore no-control-regex
const END_KEYS = /[qQ\x03]/;

/** Runs the command; resolves with its exit code when the user has had enough. */
export async function runWatch(options: WatchOptions, io: Io): Promise<number> {
  if (!io.outIsTerminal) {
    throw new ConfigError(
      "usage",
      "A live screen needs a terminal; use status and jobs in scripts",
    );
  }
  await using client = await openClient(options, io);
  const end = new AbortController();
  using _signals = io.onStopSignal(() => end.abort());
  try {
    // A worker that was never there is an error; one that goes away meanwhile may come back.
    const first = await look(client, io.rows(), end.signal);
    using _keys = io.onKey((key) => END_KEYS.test(key) && end.abort());
    await show(first, { client, io, intervalMs: options.interval * 1_000, signal: end.signal });
  } catch (error) {
    if (!end.signal.aborted) throw error;
  }
  return EXIT.ok;
}

interface Watching {
  readonly client: Client;
  readonly io: Io;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

async function show(first: Snapshot, { client, io, intervalMs, signal }: Watching): Promise<void> {
  let snapshot = first;
  let note = "q ends";
  io.out(ENTER);
  try {
    while (!signal.aborted) {
      const lines = renderScreen(snapshot, { columns: io.columns(), rows: io.rows(), note });
      io.out(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
      await pause(intervalMs, signal);
      try {
        snapshot = await look(client, io.rows(), signal);
        note = "q ends";
      } catch (error) {
        if (!isSilence(error)) throw error;
        note = "No answer from the worker; q ends";
      }
    }
  } finally {
    io.out(LEAVE);
  }
}

async function look(client: Client, rows: number, signal: AbortSignal): Promise<Snapshot> {
  const call: CallOptions = { signal };
  const limit = Math.max(1, Math.min(rows, 1_000));
  const [status, servers, running, queued, newest] = await Promise.all([
    client.status(call),
    client.servers(call),
    client.jobs({ state: "running", limit }, call),
    client.jobs({ state: "queued", limit }, call),
    client.jobs({ limit }, call),
  ]);
  const waiting = queued.jobs.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const seen = new Set([...running.jobs, ...waiting].map((job) => job.job_id));
  const ended = newest.jobs.filter((job) => isEnded(job) && !seen.has(job.job_id));
  return { status, servers, jobs: [...running.jobs, ...waiting, ...ended] };
}

function isEnded({ state }: JobDescription): boolean {
  return state !== "queued" && state !== "running";
}

/** An independent subscriber that keeps every update it hears, and knows what order is allowed. */

import { decodeUpdate, type Update } from "../../src/protocol/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";

/** An update and the life of the worker in which it was heard. */
interface Heard {
  readonly life: number;
  readonly update: Update;
}

/** The subscriber. */
export interface UpdateReader extends AsyncDisposable {
  /** Number of updates so far. */
  readonly count: number;
  /** Calls somebody with each update from now on. */
  onUpdate(listener: (update: Update) => void): void;
  /** Notes that another process will publish from now on. */
  nextLife(): void;
  /** Resolves with the next update for which `matches` is true, or undefined when the signal aborts. */
  next(matches: (update: Update) => boolean, signal: AbortSignal): Promise<Update | undefined>;
  /** What is wrong with the order of the updates, a sentence each. */
  faults(): string[];
}

/** Subscribes to everything. */
export async function readUpdates(address: string): Promise<UpdateReader> {
  const socket = await zmqTransport().connectUpdates(address);
  const byJob = new Map<string, Heard[]>();
  const listeners = new Set<(update: Update) => void>();
  let life = 0;
  let count = 0;
  let last: Update | undefined;
  const misnumbered: string[] = [];
  const number = (update: Update) => {
    const { epoch = NaN, seq = NaN } = update;
    const follows = last?.epoch === epoch ? seq > (last.seq ?? NaN) : epoch > (last?.epoch ?? 0);
    if (!follows) misnumbered.push(`${epoch}/${seq} came after ${last?.epoch}/${last?.seq}`);
    last = update;
  };
  const read = async () => {
    for await (const bytes of socket) {
      const update = decodeUpdate(bytes);
      count += 1;
      number(update);
      const heard = byJob.get(update.job_id) ?? [];
      heard.push({ life, update });
      byJob.set(update.job_id, heard);
      for (const listener of listeners) listener(update);
    }
  };
  const reading = read();
  return {
    get count() {
      return count;
    },
    onUpdate: (listener) => void listeners.add(listener),
    nextLife: () => void (life += 1),
    async next(matches, signal) {
      const { promise, resolve } = Promise.withResolvers<Update | undefined>();
      const listener = (update: Update) => matches(update) && resolve(update);
      const stop = () => resolve(undefined);
      listeners.add(listener);
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      const update = await promise;
      listeners.delete(listener);
      signal.removeEventListener("abort", stop);
      return update;
    },
    faults: () => [...misnumbered, ...[...byJob].flatMap(([id, all]) => orderFaults(id, all))],
    async [Symbol.asyncDispose]() {
      await socket.close();
      await reading;
    },
  };
}

/**
 * The order of one job. Updates may be missing, since the publisher was killed and PUB promises none;
 * and a new process repeats an ending of which it cannot know whether it was told.
 */
function orderFaults(id: string, heard: readonly Heard[]): string[] {
  const faults: string[] = [];
  const types = heard.map(({ update }) => update.type).join(" ");
  const say = (what: string) => faults.push(`${id}: ${what} (${types})`);
  if (heard.filter(({ update }) => update.type === "job_started").length > 1) {
    say("job_started twice");
  }
  const end = heard.findIndex(({ update }) => isEnding(update));
  const [before, after] = end < 0 ? [heard, []] : [heard.slice(0, end), heard.slice(end)];
  if (before.slice(1).some(({ update }) => update.type === "job_started")) {
    say("job_started after other updates");
  }
  if (after.some(({ update }) => !isEnding(update))) say("an update after the ending");
  for (const type of ["job_finished", "job_complete", "job_error"] as const) {
    const said = after.filter(({ update }) => update.type === type);
    if (new Set(said.map(({ update }) => wordsOf(update))).size > 1) {
      say(`another ${type} than before`);
    }
    if (new Set(said.map((one) => one.life)).size < said.length) say(`${type} twice in one life`);
  }
  let shown: { life: number; percent: number } | undefined;
  for (const { life, update } of before) {
    if (update.type !== "progress") continue;
    if (shown?.life === life && update.percent < shown.percent) say("percent fell");
    shown = { life, percent: update.percent };
  }
  return faults;
}

function isEnding({ type }: Update): boolean {
  return type === "job_finished" || type === "job_complete" || type === "job_error";
}

/** An update without its number, which is another one each time that it is sent. */
function wordsOf({ epoch: _epoch, seq: _seq, ...words }: Update): string {
  return JSON.stringify(words);
}

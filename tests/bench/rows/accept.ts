/** What it costs that an accepted job survives the death of the machine. */

import { DatabaseSync } from "node:sqlite";
import { encodeRequest } from "../../../src/protocol/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { atLeast, atMost, type Bench, short, time } from "../support/figures.ts";
import { request } from "../support/jobs.ts";
import { generateLoad, type Load } from "../support/load.ts";
import { startOurs } from "../support/parties.ts";
import { startSimulators } from "../support/simulator.ts";
import { alternate, median, percentile, ratio } from "../support/statistics.ts";

const ROUNDS = 7;
const MS = 400;
const CLIENTS = 16;
const INSERTS = 400;

/** Durable acceptance. */
export const ACCEPT: Bench = {
  name: "accept",
  about: `durable accept of one client, and of ${CLIENTS}`,
  async run() {
    await using dir = await tempDir();
    const file = `${dir.path}/request`;
    // The generator puts another name in the place of these 16 characters each time.
    await Deno.writeFile(file, encodeRequest(request({ id: "_".repeat(16), steps: 10_000 })));
    // The first two jobs run on, so that the others are stored and nothing more.
    await using simulators = await startSimulators({ simulator: { stepTimeMs: 1_000 } });
    await using ours = await startOurs(["--comfyui-url", ...simulators.urls], {
      settings: "worker:\n  queue_max_size: 1000000\n",
    });
    using plain = openPlain(`${dir.path}/plain.db`);
    const submit = (clients: number) =>
      generateLoad("C", ["submit", ours.requests, String(clients), String(MS), file]);
    const rounds = await alternate<"one" | "many" | "insert" | "ping", Load>(ROUNDS, {
      one: () => submit(1),
      many: () => submit(CLIENTS),
      insert: () => Promise.resolve(plain.measure()),
      ping: () => generateLoad("C", ["ping", ours.requests, "2000"]),
    });
    const accepts = rounds.one.map(({ p95 }) => p95);
    const least = rounds.insert.map(({ p95 }, round) => p95 + (rounds.ping[round]?.p95 ?? NaN));
    const rates = [rounds.many, rounds.one].map((loads) => loads.map(({ rate }) => rate));
    return [{
      what: "durable accept, p95",
      ours: time(median(accepts)),
      beside: `insert + ping ${time(median(least))}`,
      target: "≤1.5×both",
      ...atMost(ratio(accepts, least), 1.5),
    }, {
      what: `durable accepts of ${CLIENTS} clients`,
      ours: `${short(median(rates[0] ?? []))}/s`,
      beside: `one client ${short(median(rates[1] ?? []))}/s`,
      target: "≥3×one",
      ...atLeast(ratio(rates[0] ?? [], rates[1] ?? []), 3),
    }];
  },
};

/** A table without an index, and inserts that are synced one by one: less cannot be done. */
function openPlain(path: string): Disposable & { measure(): Load } {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE jobs (request BLOB)");
  const insert = db.prepare("INSERT INTO jobs VALUES (?)");
  const body = new Uint8Array(150);
  return {
    measure() {
      const took = Array.from({ length: INSERTS }, () => {
        const began = performance.now();
        insert.run(body);
        return performance.now() - began;
      });
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(took, share));
      return { p50: p50 ?? NaN, p95: p95 ?? NaN, p99: p99 ?? NaN, rate: 1_000 / median(took) };
    },
    [Symbol.dispose]: () => db.close(),
  };
}

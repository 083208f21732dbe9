import assert from "node:assert/strict";
import { encodeUpdate } from "../../src/protocol/encode.ts";
import type { Update } from "../../src/protocol/mod.ts";
import type { Peer, ServerElsewhere } from "../../src/queue/mod.ts";
import type { ConnectSocketOptions } from "../../src/transport/mod.ts";
import { createRelay } from "../../src/worker/relay.ts";

const PEER: Peer = { name: "b", updatesAddress: "tcp://b:1", publicKey: undefined };

Deno.test("A relay tells what others run, until its ending was told here", async () => {
  await using setup = relaySetup();
  await setup.look();
  setup.hear({ type: "job_started", job_id: "x", timestamp: 1, epoch: 7, seq: 1 });
  setup.hear(progress("x", 10));
  setup.hear({ type: "job_finished", job_id: "x", success: true, duration_s: 1 });
  await setup.settled();
  setup.told.add("x");
  setup.hear(progress("x", 90));
  await setup.settled();
  assert.deepEqual(setup.published.map(({ type }) => type), ["job_started", "progress"]);
  assert.ok(setup.published.every((update) => "worker" in update && update.worker === "b"));
});

Deno.test("A relay passes on nothing that was relayed to the other, nor of jobs that run here", async () => {
  await using setup = relaySetup();
  await setup.look();
  setup.hear({ ...progress("x", 10), worker: "c" });
  setup.own.add("mine");
  setup.hear(progress("mine", 10));
  setup.hear("garbage");
  setup.hear(progress("y", 10));
  await setup.settled();
  assert.deepEqual(setup.published.map(({ job_id }) => job_id), ["y"]);
});

Deno.test("A relay never lets the percent of a job fall, whichever worker runs it", async () => {
  await using setup = relaySetup();
  await setup.look();
  for (const percent of [10, 60, 5, 60, 70]) setup.hear(progress("x", percent));
  await setup.settled();
  const percents = setup.published.map((update) => update.type === "progress" && update.percent);
  assert.deepEqual(percents, [10, 60, 60, 70]);
  assert.deepEqual([setup.relay.heardPercent("x"), setup.relay.heardPercent("y")], [70, 0]);
});

Deno.test("A relay begins no lower than this worker has told while the job ran here", async () => {
  await using setup = relaySetup();
  await setup.look();
  setup.percents.set("x", 40);
  for (const percent of [10, 40, 50]) setup.hear(progress("x", percent));
  await setup.settled();
  const percents = setup.published.map((update) => update.type === "progress" && update.percent);
  assert.deepEqual(percents, [40, 50]);
});

Deno.test("A relay connects with the keys of both, anew where an address has changed", async () => {
  const keys = { publicKey: "own", secretKey: "hidden" };
  await using setup = relaySetup({ keys });
  await setup.look();
  setup.state.peers = [{ ...PEER, updatesAddress: "tcp://b:2", publicKey: "theirs" }];
  await setup.look();
  await setup.look();
  assert.deepEqual(setup.connections, [
    ["tcp://b:1", {}],
    ["tcp://b:2", { curve: { ...keys, serverKey: "theirs" } }],
  ]);
  assert.equal(setup.open(), 1);
});

Deno.test("A relay says once that it hears nothing of a worker which has jobs", async () => {
  await using setup = relaySetup();
  const busy = [{ name: "s", worker: "b", active: 1 } as ServerElsewhere];
  await setup.look();
  for (const atMs of [0, 9_999, 10_000, 20_000]) {
    setup.state.nowMs = atMs;
    await setup.look(busy);
    assert.equal(setup.warnings.length, atMs < 10_000 ? 0 : 1, `${atMs}`);
  }
  assert.match(setup.warnings[0]!, /worker b at tcp:\/\/b:1.*--peer-addr/);
  setup.hear(progress("x", 1));
  await setup.settled();
  await setup.look(busy);
  setup.state.nowMs = 40_000;
  await setup.look(busy);
  assert.equal(setup.warnings.length, 2);
});

Deno.test("A relay hears nothing of a worker, too, whose jobs are short", async () => {
  await using setup = relaySetup();
  const servers = (active: number) => [{ name: "s", worker: "b", active } as ServerElsewhere];
  for (let nth = 0; nth <= 20; nth += 1) {
    setup.state.nowMs = nth * 1_000;
    await setup.look(servers(nth % 2));
    assert.equal(setup.warnings.length, nth < 19 ? 0 : 1, `${nth}`);
  }
});

Deno.test("A relay goes on where an address cannot be connected to", async () => {
  await using setup = relaySetup({ refuse: true });
  await setup.look();
  assert.equal(setup.open(), 0);
});

function progress(job_id: string, percent: number) {
  const rest = { stage: "sampling", step: 1, total_steps: 2, eta_s: 1 } as const;
  return { type: "progress", job_id, percent, ...rest } as const;
}

function relaySetup({ keys, refuse = false }: {
  keys?: { publicKey: string; secretKey: string };
  refuse?: boolean;
} = {}) {
  const published: Update[] = [];
  const told = new Set<string>();
  const own = new Set<string>();
  const percents = new Map<string, number>();
  const connections: [string, ConnectSocketOptions][] = [];
  const warnings: string[] = [];
  const lines = new Set<TransformStream<Uint8Array, Uint8Array>>();
  const writing: Promise<void>[] = [];
  const state = { peers: [PEER] as Peer[], nowMs: 0 };
  const relay = createRelay({
    connect(address, options) {
      connections.push([address, options]);
      if (refuse) return Promise.reject(new Error("Not an address"));
      const line = new TransformStream<Uint8Array, Uint8Array>();
      lines.add(line);
      const close = async () => {
        if (lines.delete(line)) await line.writable.close();
      };
      return Promise.resolve({
        [Symbol.asyncIterator]: () => line.readable[Symbol.asyncIterator](),
        close,
        [Symbol.asyncDispose]: close,
      });
    },
    keys,
    publisher: { publish: (update) => void published.push(update) },
    isTold: (jobId) => told.has(jobId),
    isOwn: (jobId) => own.has(jobId),
    percentOf: (jobId) => percents.get(jobId) ?? 0,
    logger: { log: (_level, message) => void warnings.push(message) },
    now: () => state.nowMs,
  });
  return {
    state,
    published,
    told,
    own,
    percents,
    connections,
    warnings,
    open: () => lines.size,
    hear(update: Update | string) {
      const bytes = typeof update === "string"
        ? new TextEncoder().encode(update)
        : encodeUpdate(update);
      for (const line of lines) {
        const writer = line.writable.getWriter();
        writing.push(writer.write(bytes));
        writer.releaseLock();
      }
    },
    async settled() {
      await Promise.all(writing.splice(0));
      // What was written is read in the turns after.
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
    relay,
    look: (servers: readonly ServerElsewhere[] = []) => relay.look({ servers, peers: state.peers }),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

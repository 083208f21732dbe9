import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connect } from "../../src/client/mod.ts";
import { decodeReply, encodeRequest } from "../../src/protocol/mod.ts";
import { openSqliteQueue } from "../../src/queue/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { type RequestServer, type Transport, zmqTransport } from "../../src/transport/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { claimOne } from "../support/claim.ts";
import { generateRequest } from "../support/requests.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";

/** ZeroMQ, with a look at the request server in the instant in which it is bound. */
function watched(onBound: (server: RequestServer) => Promise<void> | void): Transport {
  return Object.assign(zmqTransport(), {
    async bindRequests(address: string) {
      const server = await zmqTransport().bindRequests(address);
      await onBound(server);
      return server;
    },
  });
}

Deno.test("startWorker() takes a generate that came before anything but the port was there", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 1, previewMethod: "still" });
  const early = Promise.withResolvers<Uint8Array>();
  await using worker = await startWorker({
    config: await testConfig(dir.path, simulator.url),
    transport: watched(async ({ address }) => {
      const client = await zmqTransport().connectRequests(address);
      client.request(encodeRequest(generateRequest()), { timeoutMs: 30_000 })
        .finally(() => client.close()).then(early.resolve, early.reject);
    }),
  });
  const reply = decodeReply(await early.promise);
  assert.deepEqual([reply.type, "job_id" in reply && reply.job_id], ["job_accepted", "job-1"]);
  await using client = await connect(worker);
  assert.equal((await client.job("job-1")).job_id, "job-1");
});

Deno.test("startWorker() leaves no port bound when what comes after the sockets fails", async () => {
  await using dir = await tempDir();
  const config = await testConfig(dir.path, "http://127.0.0.1:9", {
    db: `${dir.path}/absent/queue.db`,
  });
  let address = "";
  const transport = watched((server) => void (address = server.address));
  await assert.rejects(startWorker({ config, transport }), /Cannot open the queue database/);
  await using _next = await zmqTransport().bindRequests(address);
});

Deno.test("startWorker() refuses the queue of a worker that lives, and leaves its jobs alone", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 1, previewMethod: "still" });
  const config = await testConfig(dir.path, simulator.url);
  using stall = simulator.faults.stall("KSampler");
  {
    await using worker = await startWorker({ config });
    await using client = await connect({ ...worker, silenceMs: 60_000 });
    const job = client.generate({ ...IMAGE, id: "mine" });
    await stall.reached;
    await assert.rejects(
      startWorker({ config }),
      { code: "in_use", message: /^Another worker uses the queue database .*queue.*; stop it or/ },
    );
    stall.release();
    await job.result;
    assert.equal((await client.job("mine")).attempts, 1);
  }
  await using _next = await startWorker({ config });
});

Deno.test("startWorker() binds nothing when a folder is wrong", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "x");
  const config = await testConfig(dir.path, "http://127.0.0.1:9", {
    "output-dir": `${dir.path}/file`,
  });
  let bound = 0;
  const transport = watched(() => void bound++);
  await assert.rejects(startWorker({ config, transport }), /Cannot write to the output directory/);
  assert.equal(bound, 0);
});

for (const when of ["new", "known"] as const) {
  Deno.test(`startWorker() waits for a program that holds a ${when} database for a while`, async () => {
    await using dir = await tempDir();
    const config = await testConfig(dir.path, "http://127.0.0.1:9");
    if (when === "known") {
      await using queue = openSqliteQueue({ path: config.worker.dbPath });
      await queue.enqueue(generateRequest());
      await claimOne(queue, { server: "one", clientId: "c", leaseMs: 60_000 });
    }
    using other = new DatabaseSync(config.worker.dbPath);
    other.exec("BEGIN EXCLUSIVE");
    const letGo = setTimeout(() => other.exec("ROLLBACK"), 300);
    await using worker = await startWorker({ config });
    await using client = await connect(worker);
    const { queue_size } = await client.status();
    assert.equal(queue_size, when === "known" ? 1 : 0);
    clearTimeout(letGo);
  });
}

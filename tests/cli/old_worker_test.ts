/** Commands against a worker of an earlier version, which knows fewer requests. */

import assert from "node:assert/strict";
import { decodeRequest, encodeReply, type Reply } from "../../src/protocol/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { run } from "./fake_io.ts";

function answer(type: string): Reply {
  switch (type) {
    case "ping":
      return { type: "pong" };
    case "status":
      return { type: "status_info", version: "0.1.0", queue_size: 0, active_jobs: 0, uptime_s: 3 };
    default:
      return { type: "error", message: `Unknown request type: ${type}` };
  }
}

/** Answers until it is disposed of. */
async function oldWorker() {
  const server = await zmqTransport().bindRequests("tcp://127.0.0.1:0");
  const serving = (async () => {
    for await (const { frames, reply } of server) {
      reply(encodeReply(answer(decodeRequest(frames[0]!).type)));
    }
  })();
  return {
    flags: ["--req-addr", server.address, "--pub-addr", "tcp://127.0.0.1:10"],
    async [Symbol.asyncDispose]() {
      await server.close();
      await serving;
    },
  };
}

Deno.test("jobs and job say that the worker must be updated, and exit with 1", async () => {
  await using worker = await oldWorker();
  for (const args of [["jobs"], ["job", "j1"]]) {
    const { exitCode, stderr } = await run([...args, ...worker.flags]);
    assert.equal(exitCode, 1);
    assert.match(
      stderr(),
      /^error: Unknown request type: \w+; the worker is older than this program, update it\n$/,
    );
  }
});

Deno.test("status and health tell what an old worker can say", async () => {
  await using worker = await oldWorker();
  const status = await run(["status", ...worker.flags]);
  assert.equal(status.exitCode, 0);
  assert.equal(status.stdout(), "0 running, 0 waiting, up 3.0 s\n");
  assert.match(status.stderr(), /too old to list its servers/);
  await using dir = await tempDir();
  const files = [`--output-dir=${dir.path}`, "--db=:memory:"];
  const health = await run(["health", ...worker.flags, ...files]);
  assert.equal(health.exitCode, 1);
  assert.match(health.stdout(), /^ok {6}worker answers/);
  assert.match(health.stdout(), /^unknown comfyui the worker is too old to tell, update it$/m);
  assert.match(health.stdout(), /^ok {6}database /m);
});

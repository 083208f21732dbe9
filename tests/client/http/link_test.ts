import assert from "node:assert/strict";
import { type Client, connect, type ConnectOptions } from "../../../src/client/mod.ts";
import { createToken } from "../../../src/http/mod.ts";
import { startSimulator } from "../../../src/simulator/mod.ts";
import { startWorker } from "../../../src/worker/mod.ts";
import { httpSetup, JOB } from "../../http/support.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { testConfig } from "../../support/worker.ts";

const SLOW = { stepTimeMs: 20 };

/** A server that answers as it is told, and a client of it. */
async function against(
  answer: (request: Request) => Response | Promise<Response>,
  options: ConnectOptions = {},
): Promise<{ client: Client; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(`${request.method} ${pathname}${search}`);
    return pathname === "/v1/events" ? new Response(null, { status: 404 }) : answer(request);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const client = await connect({ url, retryDelayMs: 1, maxRetries: 0, ...options });
  return {
    client,
    asked,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.shutdown();
    },
  };
}

function problem(status: number, code: string, detail: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify({ status, code, detail }), { status, headers });
}

Deno.test("a client over HTTP has the same handles: updates, result, images", async () => {
  await using setup = await httpSetup({}, { simulator: SLOW });
  await using client = await connect({ url: `${setup.url}/` });
  const job = client.generate({ ...JOB, size: [64, 64], steps: 12, seed: 5, id: "a,b c" });
  assert.equal((await job.accepted).job_id, "a,b c");
  const types: string[] = [];
  for await (const update of job.updates()) types.push(update.type);
  assert.equal(types[0], "job_started");
  assert.ok(types.includes("progress"), types.join());
  assert.deepEqual(types.slice(-2), ["job_finished", "job_complete"]);
  const { seed, imagePaths } = await job.result;
  assert.equal(seed, 5);
  const files = await Array.fromAsync(job.images());
  assert.equal(files.length, imagePaths.length);
  assert.equal(files[0]!.contentType, "image/png");
  assert.deepEqual(files[0]!.data, await Deno.readFile(imagePaths[0]!));
  assert.equal((await client.job("a,b c")).state, "completed");
  const page = await client.jobs({ job_ids: ["a,b c", "other"] });
  assert.deepEqual(page.jobs.map(({ job_id: id }) => id), ["a,b c"]);
  assert.deepEqual(page.unknown_ids, ["other"]);
});

Deno.test("a client over HTTP asks whatever one over ZeroMQ can ask", async () => {
  await using setup = await httpSetup();
  await using client = await connect({ url: setup.url });
  await client.ping();
  assert.equal((await client.status()).queue_size, 0);
  assert.ok((await client.models()).some(({ name }) => name === JOB.model));
  const everything = await client.models({ allTypes: true });
  assert.ok(everything.length >= (await client.models()).length);
  assert.ok((await client.workflows()).some(({ name }) => name === "pixel_art_workflow"));
  const [server] = await client.servers();
  assert.equal((await client.drainServer(server!.name, true))[0]!.draining, true);
  assert.ok(!(await client.drainServer(server!.name, false))[0]!.draining);
  assert.deepEqual((await client.jobs({ state: "failed", limit: 3 })).jobs, []);
});

Deno.test("a job is refused, cancelled or unknown over HTTP with the same errors", async () => {
  await using setup = await httpSetup({}, { simulator: SLOW });
  await using client = await connect({ url: setup.url });
  // ComfyUI cannot be asked for its models until it is there.
  await client.generate({ ...JOB, size: [64, 64], steps: 1 }).result;
  const refused = client.generate({ ...JOB, size: [64, 64], model: "nosuch" });
  await assert.rejects(refused.result, { name: "JobError", code: "model_not_found" });
  const wrong = client.generate({ ...JOB, size: [64, 64], steps: 0 });
  await assert.rejects(wrong.accepted, { name: "JobError", code: "invalid_parameter" });
  const long = client.generate({ ...JOB, size: [64, 64], steps: 2_000 });
  await long.cancel();
  await assert.rejects(long.result, { name: "JobError", code: "cancelled" });
  await assert.rejects(client.cancel("nosuch"), { name: "JobError", code: "not_found" });
  await assert.rejects(client.image("nosuch"), { name: "JobError", code: "not_found" });
  await assert.rejects(client.drainServer("nosuch", true), { name: "JobError" });
});

Deno.test("an image to start from goes as bytes", async () => {
  let body: { init_image?: { base64: string } } = {};
  await using peer = await against(async (request) => {
    if (request.method === "GET") return Response.json({ jobs: [], epoch: 1, last_seq: 0 });
    body = await request.json();
    return Response.json({ job_id: "j", estimated_time_s: 1 }, { status: 202 });
  });
  const image = new Uint8Array(20_000).map((_, index) => index * 7);
  const job = peer.client.generate({ ...JOB, size: [64, 64], id: "j", init_image: image });
  await job.accepted;
  assert.deepEqual(Uint8Array.fromBase64(body.init_image!.base64), image);
  await peer.client.close();
  await assert.rejects(job.result, { code: "closed" });
});

Deno.test("a token that is missing, wrong or too weak is told, and not tried again", async () => {
  await using dir = await tempDir();
  const { token, line } = await createToken("reader", "read");
  await Deno.writeTextFile(`${dir.path}/tokens`, `${line}\n`);
  await using setup = await httpSetup({ "http-tokens-file": `${dir.path}/tokens` });
  const unauthorized = { name: "TransportError", code: "unauthorized" };
  for (const options of [{}, { token: "wrong" }]) {
    await using client = await connect({ url: setup.url, ...options });
    await assert.rejects(client.status(), unauthorized);
  }
  await using client = await connect({ url: setup.url, token });
  await client.status();
  await assert.rejects(client.generate({ ...JOB, size: [64, 64] }).result, unauthorized);
});

Deno.test("a worker that restarts in mid-job is followed over HTTP to the image", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ nodeTimeMs: 1, loadTimeMs: 1, ...SLOW });
  const start = async (addr: string) =>
    await startWorker({ config: await testConfig(dir.path, simulator.url, { "http-addr": addr }) });
  let worker = await start("127.0.0.1:0");
  const url = worker.httpUrl!;
  try {
    await using client = await connect({ url, silenceMs: 200 });
    const job = client.generate({ ...JOB, size: [64, 64], steps: 60 });
    for await (const { type } of job.updates()) if (type === "progress") break;
    await worker[Symbol.asyncDispose]();
    worker = await start(new URL(url).host);
    assert.equal((await job.result).imagePaths.length, 1);
  } finally {
    await worker[Symbol.asyncDispose]();
  }
});

Deno.test("answers that are none, and servers that are no worker, fail a call", async () => {
  type Case = readonly [() => Response, Record<string, unknown>, ConnectOptions?];
  const cases: readonly Case[] = [
    [() => new Response("<html>"), { name: "ProtocolError", code: "malformed" }],
    [() => Response.json([]), { name: "ProtocolError", code: "malformed" }],
    [() => new Response("Bad gateway", { status: 502 }), { code: "timeout" }, { timeoutMs: 300 }],
    [() => problem(404, "not_found", "There is no GET /v1/status; see /openapi.json"), {
      name: "ProtocolError",
      code: "unknown_type",
    }],
    [() => problem(421, "wrong_host", "Only localhost"), { code: "address_invalid" }],
    [() => problem(503, "queue_full", "Queue full (3)"), { name: "JobError", code: "queue_full" }],
  ];
  for (const [answer, error, options] of cases) {
    await using peer = await against(answer, options);
    await assert.rejects(peer.client.status(), error);
  }
});

Deno.test("a worker that is not there yet is waited for, and no longer than the time-out", async () => {
  let tries = 0;
  await using peer = await against(() => {
    tries += 1;
    return tries < 2 ? new Response("Bad gateway", { status: 502 }) : Response.json({});
  });
  await peer.client.ping();
  assert.equal(tries, 2);
  await using gone = await connect({
    url: "http://127.0.0.1:1",
    timeoutMs: 50,
    retryDelayMs: 1,
    maxRetries: 1,
  });
  await assert.rejects(gone.ping(), { code: "timeout", message: /within 50 ms.*sent 2 times$/ });
  const reason = new Error("No longer wanted");
  await assert.rejects(gone.ping({ signal: AbortSignal.abort(reason) }), reason);
});

Deno.test("an address that is none is refused at once", async () => {
  for (const url of ["", "127.0.0.1:80", "ftp://x", "http://", "http://x?y", "http://a:b@x"]) {
    await assert.rejects(
      connect({ url }),
      { name: "TransportError", code: "address_invalid" },
      url,
    );
  }
});

Deno.test("very many ids are asked for in an address that is not too long", async () => {
  await using peer = await against(() => Response.json({ jobs: [] }));
  await peer.client.jobs({ job_ids: Array.from({ length: 1_000 }, (_, n) => `${n}`.repeat(50)) });
  const [asked] = peer.asked.filter((line) => line.includes("/v1/jobs"));
  assert.ok(asked!.length < 20_000 && asked!.includes("id=111111"), `${asked!.length}`);
  await peer.client.jobs({ job_ids: [] });
  assert.equal(peer.asked.at(-1), "GET /v1/jobs?ids=");
});

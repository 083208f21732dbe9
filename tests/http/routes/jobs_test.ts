import assert from "node:assert/strict";
import { polled } from "../../support/polled.ts";
import { encodePng } from "../../../src/images/mod.ts";
import { httpSetup, JOB, statusOf } from "../support.ts";

Deno.test("POST /v1/jobs stores a job, GET tells how it is, and its image comes as bytes", async () => {
  await using setup = await httpSetup();
  const answer = await setup.submit({ id: "knight 1" }, { prefer: "wait=90" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("location"), "/v1/jobs/knight%201");
  const { state, image_paths } = await answer.json();
  assert.equal(state, "completed");
  const image = await setup.ask("/v1/jobs/knight%201/images/0");
  assert.equal(image.headers.get("content-type"), "image/png");
  assert.equal(image.headers.get("x-content-type-options"), "nosniff");
  assert.deepEqual(await image.bytes(), await Deno.readFile(image_paths[0]));
});

Deno.test("POST /v1/jobs answers 202 with a Location, and the same key again runs nothing twice", async () => {
  await using setup = await httpSetup();
  const key = { "idempotency-key": "order-7" };
  const first = await setup.submit({}, key);
  assert.equal(first.status, 202);
  assert.equal(first.headers.get("location"), "/v1/jobs/order-7");
  const { job_id, estimate_confidence: confidence } = await first.json();
  assert.equal(job_id, "order-7");
  assert.ok(confidence >= 0 && confidence <= 1, confidence);
  const again = await setup.submit({}, { ...key, prefer: "wait=90" });
  assert.equal((await again.json()).attempts, 1);
  const other = await setup.submit({ steps: 3 }, key);
  assert.equal(other.status, 409);
  assert.equal((await other.json()).code, "id_conflict");
});

Deno.test("POST /v1/jobs takes half of a surrogate pair for U+FFFD, and U+0000 as it is", async () => {
  await using setup = await httpSetup();
  const answer = await setup.submit({ id: "a\ud800\0/ü", prompt: "\udc00" }, { prefer: "wait=90" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("location"), "/v1/jobs/a%EF%BF%BD%00%2F%C3%BC");
  const { job_id, state, prompt } = await answer.json();
  assert.deepEqual([job_id, state, prompt], ["a\ufffd\0/ü", "completed", "\ufffd"]);
  assert.equal(await statusOf(setup.ask("/v1/jobs/a%EF%BF%BD%00%2F%C3%BC")), 200);
});

Deno.test("POST /v1/jobs quotes a seed that is too large digit by digit", async () => {
  await using setup = await httpSetup();
  for (const seed of ["18446744073709551615", "9007199254740993", "-9223372036854775809"]) {
    const body = JSON.stringify({ ...JOB, seed: "S", unknown: "S" }).replaceAll('"S"', seed);
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const answer = await setup.ask("/v1/jobs", init);
    assert.equal(answer.status, 422);
    const expected = `expected an integer from 0 to 9007199254740991, got ${seed}`;
    assert.equal((await answer.json()).detail, `Invalid parameter: seed: ${expected}`);
  }
});

const BAD: readonly (readonly [what: string, init: RequestInit, status: number, code: string])[] = [
  ["no JSON", { body: "{", headers: { "content-type": "application/json" } }, 400, "malformed"],
  ["a list", { body: "[]", headers: { "content-type": "application/json" } }, 400, "malformed"],
  ["plain text", { body: JSON.stringify(JOB) }, 415, "malformed"],
  ["a form", { body: new URLSearchParams({ prompt: "x" }) }, 415, "malformed"],
  [
    "a wrong field",
    { body: JSON.stringify({ ...JOB, steps: 0 }), headers: { "content-type": "application/json" } },
    422,
    "invalid_parameter",
  ],
  [
    "a model that is not there",
    {
      body: JSON.stringify({ ...JOB, model: "x" }),
      headers: { "content-type": "application/json" },
    },
    422,
    "model_not_found",
  ],
  [
    "broken base64",
    {
      body: JSON.stringify({ ...JOB, init_image: { base64: "?" } }),
      headers: { "content-type": "application/json" },
    },
    422,
    "invalid_parameter",
  ],
  [
    "two megabytes",
    { body: "x".repeat(2_000_000), headers: { "content-type": "application/json" } },
    413,
    "too_large",
  ],
  [
    "deep nesting",
    {
      body: `{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      headers: { "content-type": "application/json" },
    },
    400,
    "malformed",
  ],
];

Deno.test("POST /v1/jobs refuses what is wrong as application/problem+json", async (t) => {
  await using setup = await httpSetup();
  // A server that cannot be asked yet refuses nothing.
  const isReady = async () => (await setup.worker.client.servers())[0]?.state === "ready";
  await polled(async () => await isReady() || undefined, "a server that is ready");
  for (const [what, init, status, code] of BAD) {
    await t.step(what, async () => {
      const answer = await setup.ask("/v1/jobs", { method: "POST", ...init });
      const problem = await answer.json();
      assert.deepEqual([answer.status, problem.code], [status, code], problem.detail);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.equal(problem.status, status);
    });
  }
  const { queue_size } = await (await setup.ask("/v1/status")).json();
  assert.equal(queue_size, 0);
});

Deno.test("another method is refused with those there are, and HEAD tells the length of GET", async () => {
  await using setup = await httpSetup();
  for (
    const [method, path, allow] of [
      ["PUT", "/v1/jobs", "GET, POST"],
      ["PATCH", "/v1/jobs/a", "GET, DELETE"],
      ["GET", "/v1/servers/a/drain", "POST"],
    ] as const
  ) {
    const answer = await setup.ask(path, { method });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allow], path);
    assert.equal((await answer.json()).status, 405);
  }
  assert.equal(await statusOf(setup.ask("/v1/nothing", { method: "PUT" })), 404);
  for (const path of ["/healthz", "/openapi.json", "/v1/models"]) {
    const whole = await (await setup.ask(path)).arrayBuffer();
    const { headers } = await setup.ask(path, { method: "HEAD" });
    assert.equal(headers.get("content-length"), String(whole.byteLength), path);
  }
});

Deno.test("a job that the header and the body call differently is refused", async () => {
  await using setup = await httpSetup();
  const submit = (id: string) => setup.submit({ id }, { "idempotency-key": "a" });
  assert.equal(await statusOf(submit("b")), 422);
  assert.equal(await statusOf(submit("a")), 202);
});

Deno.test("a job can start from an image in the body", async () => {
  await using setup = await httpSetup();
  const png = await encodePng({ width: 8, height: 8, channels: 3, data: new Uint8Array(192) });
  const answer = await setup.submit(
    { init_image: { base64: png.toBase64() }, denoise: 0.5 },
    { prefer: "wait=90" },
  );
  assert.equal((await answer.json()).state, "completed");
});

Deno.test("DELETE /v1/jobs/{id} cancels, and an id that nobody has is 404", async () => {
  await using setup = await httpSetup();
  await (await setup.submit({ id: "long", steps: 5_000 })).body?.cancel();
  const cancelled = await setup.ask("/v1/jobs/long", { method: "DELETE" });
  assert.deepEqual(await cancelled.json(), { job_id: "long", state: "cancelled" });
  for (const method of ["GET", "DELETE"]) {
    const missing = await setup.ask("/v1/jobs/nobody", { method });
    assert.equal((await missing.json()).code, "not_found");
    assert.equal(missing.status, 404);
  }
});

Deno.test("POST /v1/jobs/{id}/rerun runs the same wish with another seed, or with changes", async () => {
  await using setup = await httpSetup();
  await (await setup.submit({ id: "a", seed: 7 }, { prefer: "wait=90" })).body?.cancel();
  const again = await setup.ask("/v1/jobs/a/rerun", {
    method: "POST",
    headers: { prefer: "wait=90" },
  });
  const { job_id, seed, state } = await again.json();
  assert.equal(state, "completed");
  assert.notEqual(job_id, "a");
  assert.notEqual(seed, 7);
  const changed = await setup.ask("/v1/jobs/a/rerun", {
    method: "POST",
    headers: { prefer: "wait=90", "content-type": "application/json" },
    body: JSON.stringify({ seed: 9, id: "b" }),
  });
  const info = await changed.json();
  assert.deepEqual([info.job_id, info.seed], ["b", 9]);
  const missing = await setup.ask("/v1/jobs/nobody/rerun", { method: "POST" });
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});

Deno.test("GET /v1/jobs lists pages and certain jobs", async () => {
  await using setup = await httpSetup();
  for (const id of ["a", "b", "c"]) {
    await (await setup.submit({ id }, { prefer: "wait=90" })).body?.cancel();
  }
  const page = await (await setup.ask("/v1/jobs?limit=2&state=completed")).json();
  assert.deepEqual(page.jobs.map(({ job_id }: { job_id: string }) => job_id), ["c", "b"]);
  const rest = await (await setup.ask(`/v1/jobs?cursor=${encodeURIComponent(page.cursor)}`)).json();
  assert.deepEqual(rest.jobs.map(({ job_id }: { job_id: string }) => job_id), ["a"]);
  const named = await (await setup.ask("/v1/jobs?ids=b,nobody")).json();
  assert.deepEqual(named.unknown_ids, ["nobody"]);
  for (const limit of ["", "0x10", "1e1", "-1", "9".repeat(400)]) {
    const answer = await setup.ask(`/v1/jobs?limit=${limit}`);
    assert.equal(answer.status, 422, limit);
    await answer.body?.cancel();
  }
  const wrong = await setup.ask("/v1/jobs?limit=many");
  assert.equal(wrong.status, 422);
  await wrong.body?.cancel();
});

Deno.test("a wait that is given up, or too short, leaves the job running", async () => {
  await using setup = await httpSetup();
  const early = await setup.submit({ id: "slow", steps: 5_000 }, {
    prefer: "respond-async, wait=0",
  });
  assert.equal(early.status, 202);
  await early.body?.cancel();
  const leaving = new AbortController();
  const waiting = setup.ask("/v1/jobs", {
    method: "POST",
    signal: leaving.signal,
    headers: { "content-type": "application/json", prefer: "wait=60" },
    body: JSON.stringify({ ...JOB, id: "left", steps: 5_000 }),
  });
  await setup.worker.simulator.when("request", ({ route }) => route === "POST /prompt");
  leaving.abort();
  await assert.rejects(waiting);
  const { state } = await (await setup.ask("/v1/jobs/slow")).json();
  assert.equal(state, "running");
  for (const id of ["slow", "left"]) {
    await (await setup.ask(`/v1/jobs/${id}`, { method: "DELETE" })).body?.cancel();
  }
});

Deno.test("a worker is drained and resumed over HTTP; one that is not there is 404", async () => {
  await using setup = await httpSetup();
  await (await setup.submit({}, { prefer: "wait=90" })).body?.cancel();
  const post = (path: string) => setup.ask(path, { method: "POST" });
  const { workers: [worker] } = await (await setup.ask("/v1/workers")).json();
  assert.deepEqual([worker.own, worker.servers, worker.active_jobs], [true, 1, 0]);
  const place = `/v1/workers/${encodeURIComponent(worker.name)}`;
  assert.equal((await (await post(`${place}/drain`)).json()).workers[0].draining, true);
  assert.equal((await (await setup.ask("/v1/servers")).json()).servers[0].draining, true);
  assert.equal((await (await post(`${place}/resume`)).json()).workers[0].draining, undefined);
  const unknown = await post("/v1/workers/nobody/drain");
  assert.equal(unknown.status, 404);
  await unknown.body?.cancel();
});

Deno.test("a server is drained and resumed over HTTP; one that is not there is 404", async () => {
  await using setup = await httpSetup();
  // The server is known to be ready then.
  await (await setup.submit({}, { prefer: "wait=90" })).body?.cancel();
  const post = (path: string) => setup.ask(path, { method: "POST" });
  const { servers } = await (await setup.ask("/v1/servers")).json();
  const place = `/v1/servers/${encodeURIComponent(servers[0].name)}`;
  assert.equal((await (await post(`${place}/drain`)).json()).servers[0].draining, true);
  const unready = await setup.ask("/readyz");
  assert.deepEqual(await unready.json(), {
    ready: false,
    reasons: ["All ComfyUI servers are drained"],
  });
  assert.equal((await (await post(`${place}/resume`)).json()).servers[0].draining, undefined);
  const unknown = await post("/v1/servers/nobody/drain");
  assert.equal(unknown.status, 404);
  await unknown.body?.cancel();
});

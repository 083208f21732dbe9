import { deepEqual, equal, match } from "node:assert/strict";
import type { JsonObject, ProfileName } from "../../src/simulator/mod.ts";
import {
  ask,
  type Graph,
  listen,
  messagesOf,
  node,
  plainImage,
  run,
  startFast,
  textToImage,
} from "./support.ts";

const UUID = "0ac1a7a4-0f5c-4b62-8c7e-6f6b1c1b2a3d";

Deno.test("Profiles tell their versions", async () => {
  const facts: [ProfileName, version: string, os: string][] = [
    ["0.3.44", "0.3.44", "posix"],
    ["0.3.64", "0.3.64", "posix"],
    ["0.10", "0.10.0", "linux"],
    ["0.38", "0.38.1", "linux"],
  ];
  for (const [profile, version, os] of facts) {
    await using simulator = await startFast({ profile });
    const { system } = (await ask(simulator, "GET /system_stats")).json() as Record<
      string,
      JsonObject
    >;
    deepEqual([system?.comfyui_version, system?.os], [version, os]);
  }
});

Deno.test("Profile 0.3.44 has no features, no progress_state, no choice of prompt_id", async () => {
  await using simulator = await startFast({ profile: "0.3.44", previewMethod: "latent2rgb" });
  equal((await ask(simulator, "GET /features")).status, 404);
  equal((await ask(simulator, "GET /api/jobs")).status, 404);
  await using listener = await listen(simulator, "me");
  listener.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
  const answer = await ask(simulator, "POST /prompt", {
    prompt: textToImage({ steps: 1 }),
    client_id: "me",
    prompt_id: "mine",
    partial_execution_targets: [],
  });
  match(String(answer.json().prompt_id), /^[0-9a-f-]{36}$/);
  await listener.untilIdle();
  deepEqual(listener.types().slice(3), [
    "execution_start",
    "execution_cached",
    ...new Array(5).fill("executing"),
    "progress",
    "binary 1",
    "executing",
    "executing",
    "executed",
    "execution_success",
    "status",
    "executing",
  ]);
});

Deno.test("Profile 0.3.44 interrupts whatever runs, whoever is meant", async () => {
  await using simulator = await startFast({ profile: "0.3.44" });
  using stall = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage() });
  await stall.reached;
  equal((await ask(simulator, "POST /interrupt", { prompt_id: "somebody else" })).status, 200);
  stall.release();
  equal((await simulator.when("execution_end")).outcome, "interrupted");
  equal((await ask(simulator, "POST /interrupt", [])).status, 200);
});

Deno.test("Profile 0.3.44 ignores offset in the history", async () => {
  await using simulator = await startFast({ profile: "0.3.44" });
  for (const color of [1, 2]) await run(simulator, plainImage({ color }));
  const all = (await ask(simulator, "GET /history?offset=1")).json();
  equal(Object.keys(all).length, 2);
});

Deno.test("Profile 0.10 stamps create_time, keeps secrets out of the queue, names more features", async () => {
  await using simulator = await startFast({ profile: "0.10" });
  using stall = simulator.faults.stall();
  await ask(simulator, "POST /prompt", {
    prompt: plainImage(),
    extra_data: { api_key_comfy_org: "secret" },
  });
  await stall.reached;
  const { text } = await ask(simulator, "GET /queue");
  equal(text.includes("secret"), false);
  match(text, /"create_time": \d+/);
  const { extension } = (await ask(simulator, "GET /features")).json();
  deepEqual(extension, { manager: { supports_v4: true } });
});

Deno.test("Profile 0.10 heeds the preview method of a prompt", async () => {
  await using simulator = await startFast({ profile: "0.10" });
  await using listener = await listen(simulator, "me");
  const methods = ["default", "none", "latent2rgb"];
  for (const [seed, method] of methods.entries()) {
    await ask(simulator, "POST /prompt", {
      prompt: textToImage({ seed, steps: 1 }),
      client_id: "me",
      prompt_id: method,
      extra_data: { preview_method: method },
    });
    await listener.untilIdle(method);
    const images = listener.types().filter((type) => type === "binary 1").length;
    equal(images, method === "latent2rgb" ? 1 : 0, method);
  }
});

Deno.test("Profile 0.10 lists in history only outputs of the run itself", async () => {
  await using simulator = await startFast({ profile: "0.10" });
  const prompt = { ...plainImage(), "3": node("PreviewImage", { images: ["1", 0] }) };
  await run(simulator, prompt);
  const entry = await run(simulator, prompt, { partial_execution_targets: ["3"] });
  deepEqual(Object.keys(entry.outputs as JsonObject), ["3"]);
});

Deno.test("Profile 0.38 takes only canonical UUIDs as prompt_id", async () => {
  await using simulator = await startFast({ profile: "0.38" });
  const post = (promptId: unknown) =>
    ask(simulator, "POST /prompt", { prompt: plainImage(), prompt_id: promptId });
  for (const bad of ["mine", 5, UUID.toUpperCase(), UUID.replaceAll("-", "")]) {
    const answer = await post(bad);
    equal(answer.status, 400, String(bad));
    const { error } = answer.json() as { error: JsonObject };
    deepEqual([error.type, error.message], ["invalid_prompt_id", "prompt_id must be a valid UUID"]);
  }
  equal((await post(UUID)).json().prompt_id, UUID);
  match(String((await post(null)).json().prompt_id), /^[0-9a-f-]{36}$/);
});

Deno.test("Profile 0.38 names missing node types and the nodes of a cycle", async () => {
  await using simulator = await startFast({ profile: "0.38" });
  const missing = await ask(simulator, "POST /prompt", { prompt: { "1": node("Nope", {}) } });
  const { error } = missing.json() as { error: JsonObject };
  equal(error.type, "missing_node_type");
  deepEqual(error.extra_info, { node_id: "1", class_type: "Nope", node_title: "Nope" });
  const scale = (source: string) =>
    node("ImageScaleBy", { image: [source, 0], upscale_method: "area", scale_by: 2 });
  const prompt: Graph = {
    "1": scale("2"),
    "2": scale("1"),
    "3": node("PreviewImage", { images: ["2", 0] }),
  };
  const cycle = (await ask(simulator, "POST /prompt", { prompt })).json();
  const errors = cycle.node_errors as Record<string, { errors: JsonObject[] }>;
  deepEqual(Object.keys(errors).sort(), ["1", "2"]);
  equal(errors["2"]?.errors[0]?.type, "dependency_cycle");
  equal(
    errors["1"]?.errors[0]?.details,
    "2 (ImageScaleBy) -> 1 (ImageScaleBy) -> 2 (ImageScaleBy)",
  );
  deepEqual(errors["1"]?.errors[0]?.extra_info, { node_id: "1", cycle_nodes: ["2", "1"] });
});

Deno.test("Profile 0.38 keeps results across prompts with 128 GiB free: A, B, A runs A once", async () => {
  await using simulator = await startFast({ profile: "0.38", freeMemoryBytes: 128 * 2 ** 30 });
  for (const color of [1, 2, 1]) await run(simulator, plainImage({ color }));
  deepEqual(simulator.record.executions.map(({ nodes }) => nodes.length), [2, 2, 0]);
  const info = (await ask(simulator, "GET /object_info/SaveImage")).json();
  equal((info.SaveImage as JsonObject).is_input_list, false);
});

/** Runs one prompt to each end, lets one run and one wait. */
async function withJobs(
  profile: ProfileName,
  check: (
    ids: string[],
    asked: (route: string, body?: unknown) => ReturnType<typeof ask>,
    release: () => void,
  ) => Promise<void>,
) {
  await using simulator = await startFast({ profile });
  const ids = [1, 2, 3, 4, 5].map((digit) => `${UUID.slice(0, -1)}${digit}`);
  const [done, failed, interrupted, running, pending] = ids;
  const workflow = { extra_pnginfo: { workflow: { id: "wf" } } };
  await run(simulator, plainImage(), { prompt_id: done, extra_data: workflow });
  simulator.faults.errorNext({ nodeClass: "EmptyImage", message: "boom" });
  await run(simulator, plainImage({ color: 1 }), { prompt_id: failed });
  using first = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), prompt_id: interrupted });
  await first.reached;
  await ask(simulator, "POST /interrupt");
  first.release();
  await simulator.when("history_added", ({ promptId }) => promptId === interrupted);
  using second = simulator.faults.stall("KSampler");
  await ask(simulator, "POST /prompt", { prompt: textToImage(), prompt_id: running });
  await second.reached;
  await ask(simulator, "POST /prompt", { prompt: plainImage({ color: 2 }), prompt_id: pending });
  await check(ids, (route, body) => ask(simulator, route, body), () => second.release());
}

Deno.test("GET /api/jobs lists queue and history with their states", async () => {
  await withJobs("0.10", async (ids, asked) => {
    const list = async (query: string) => {
      const answer = (await asked(`GET /api/jobs${query}`)).json();
      return { pagination: answer.pagination, jobs: answer.jobs as JsonObject[] };
    };
    const { jobs, pagination } = await list("?sort_order=asc");
    deepEqual(
      new Map(jobs.map(({ id, status }) => [id, status])),
      new Map(ids.map((id, index) => [
        id,
        ["completed", "failed", "cancelled", "in_progress", "pending"][index],
      ])),
    );
    deepEqual(pagination, { offset: 0, limit: null, total: 5, has_more: false });
    const [done] = (await list("?status=completed")).jobs;
    equal(done?.outputs_count, 1);
    equal(done?.workflow_id, "wf");
    deepEqual(done?.preview_output, {
      filename: "plain_00001_.png",
      subfolder: "",
      type: "output",
      nodeId: "2",
      mediaType: "images",
    });
    const [failed] = (await list("?status=failed")).jobs;
    equal((failed?.execution_error as JsonObject).exception_message, "boom\n");
    equal((await list("?status=pending,in_progress")).jobs.length, 2);
    equal((await list("?workflow_id=wf")).jobs.length, 1);
    const page = await list("?limit=2&offset=1");
    equal(page.jobs.length, 2);
    deepEqual(page.pagination, { offset: 1, limit: 2, total: 5, has_more: true });
    for (const bad of ["status=x", "sort_by=x", "sort_order=x", "limit=0", "limit=x", "offset=x"]) {
      const refused = await asked(`GET /api/jobs?${bad}`);
      equal(refused.status, 400, bad);
      equal(typeof refused.json().error, "string");
    }
    equal((await asked("GET /jobs")).status, 404);
    equal((await asked("GET /api/api/jobs")).status, 200);
  });
});

Deno.test("GET /api/jobs/{id} tells all of a finished job, and 404 of an unknown one", async () => {
  await withJobs("0.10", async ([done, , , running], asked) => {
    const job = (await asked(`GET /api/jobs/${done}`)).json();
    equal((job.execution_status as JsonObject).status_str, "success");
    deepEqual(Object.keys(job.outputs as JsonObject), ["2"]);
    deepEqual(Object.keys(job.workflow as JsonObject), ["prompt", "extra_data"]);
    equal((await asked(`GET /api/jobs/${running}`)).json().status, "in_progress");
    const unknown = await asked("GET /api/jobs/nobody");
    deepEqual([unknown.status, unknown.json()], [404, { error: "Job not found" }]);
    equal((await asked(`POST /api/jobs/${running}/cancel`)).status, 405);
  });
});

Deno.test("A malformed extra_pnginfo in one job breaks the whole list of jobs", async () => {
  await using simulator = await startFast({ profile: "0.10" });
  await run(simulator, plainImage(), { extra_data: { extra_pnginfo: null } });
  equal((await ask(simulator, "GET /api/jobs")).status, 500);
});

Deno.test("POST /api/jobs/{id}/cancel stops what runs, drops what waits, and may be repeated", async () => {
  await withJobs("0.38", async ([done, , , running, pending], asked, release) => {
    const cancel = async (id = "") => (await asked(`POST /api/jobs/${id}/cancel`)).json().cancelled;
    deepEqual([await cancel(done), await cancel(pending), await cancel(pending)], [
      false,
      true,
      false,
    ]);
    equal(await cancel(running), true);
    release();
    const many = await asked("POST /api/jobs/cancel", { job_ids: [done] });
    deepEqual(many.json(), { cancelled: false });
    const malformed = await asked("POST /api/jobs/cancel", { job_ids: ["x", done] });
    deepEqual([malformed.status, malformed.json().invalid_ids], [400, ["x"]]);
    equal((await asked("POST /api/jobs/cancel", {})).status, 400);
  });
});

Deno.test("Every profile runs the stock graph to its end", async () => {
  for (const profile of ["0.3.44", "0.3.64", "0.10", "0.33", "0.38"] as const) {
    await using simulator = await startFast({ profile });
    equal(messagesOf(await run(simulator, textToImage())).at(-1), "execution_success");
  }
});

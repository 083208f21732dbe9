import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import type { Flags } from "../../src/config/mod.ts";
import {
  decodeReply,
  decodeUpdate,
  encodeRequest,
  type JobList,
  type Progress,
} from "../../src/protocol/mod.ts";
import { type SimulatorOptions, startSimulator } from "../../src/simulator/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { polled } from "../support/polled.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig, workerSetup } from "../support/worker.ts";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

Deno.test("A request becomes an image, and every sampler step is seen", async () => {
  // Newer versions promise each step only with previews.
  await using setup = await workerSetup({ simulator: { previewMethod: "still" } });
  // A subscription takes effect a moment after it was made.
  await setup.client.generate(IMAGE).result;
  const job = setup.client.generate({ ...IMAGE, id: "first" });
  assert.equal((await job.accepted).job_id, "first");
  const updates = await Array.fromAsync(job.updates());
  const { imagePath, imagePaths, seed } = await job.result;
  assert.ok(imagePath.startsWith("/"));
  assert.deepEqual(imagePaths, [imagePath]);
  assert.deepEqual([...(await Deno.readFile(imagePath)).subarray(0, 8)], PNG_SIGNATURE);
  assert.ok(Number.isSafeInteger(seed));

  const types = updates.map((update) => update.type);
  assert.equal(types[0], "job_started");
  assert.deepEqual(types.slice(-2), ["job_finished", "job_complete"]);
  const progress = updates.filter((update): update is Progress => update.type === "progress");
  const steps = progress.filter((update) => update.stage === "sampling").map(({ step }) => step);
  assert.deepEqual([...new Set(steps)], [0, 1, 2, 3, 4, 5]);
  assert.ok(progress.every((update) => update.total_steps === 5));
  assertNeverFalls(progress.map((update) => update.percent));
  assert.equal(progress.at(-1)?.percent, 100);
});

Deno.test("Updates are numbered without a gap, anew in each life of the worker", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 1 });
  const config = await testConfig(dir.path, simulator.url);
  const epochs: number[] = [];
  for (const _life of [1, 2]) {
    await using worker = await startWorker({ config });
    await using client = await connect(worker);
    await using updates = await zmqTransport().connectUpdates(worker.pubAddress);
    const first = client.generate(IMAGE);
    await first.result;
    const { jobs: [state], epoch, last_seq = 0 } = await standOf(worker.reqAddress, first.id);
    assert.equal(state?.state, "completed");
    const second = client.generate(IMAGE);
    const heard: number[] = [];
    for await (const body of updates) {
      const update = decodeUpdate(body);
      assert.equal(update.epoch, epoch);
      heard.push(update.seq ?? NaN);
      if (update.type === "job_complete" && update.job_id === second.id) break;
    }
    assert.ok((heard[0] ?? 0) <= last_seq + 1);
    assert.deepEqual(heard, heard.map((_seq, index) => (heard[0] ?? 0) + index));
    epochs.push(epoch ?? NaN);
  }
  assert.ok(epochs[0]! < epochs[1]!);
});

Deno.test("What was asked for is in the graph that ComfyUI received", async () => {
  await using setup = await workerSetup();
  const job = setup.client.generate({
    prompt: "a red dragon",
    negative_prompt: "photo",
    model: "sd_xl_base_1.0.safetensors",
    size: [128, 96],
    steps: 7,
    cfg_scale: 5.5,
    seed: 1234,
    sampler_name: "dpmpp_2m",
    scheduler: "karras",
    batch_size: 2,
    lora: "pixel-art-xl-v1.1.safetensors",
    lora_strength: 0.8,
  });
  assert.equal((await job.result).imagePaths.length, 2);
  const [prompt] = setup.simulator.record.prompts;
  const nodes = Object.values(prompt?.body?.["prompt"] as unknown as Record<string, Node>);
  const inputs = (className: string) =>
    nodes.filter((node) => node.class_type === className).map((node) => node.inputs);
  assert.deepEqual(inputs("CheckpointLoaderSimple"), [{ ckpt_name: "sd_xl_base_1.0.safetensors" }]);
  assert.deepEqual(inputs("EmptyLatentImage"), [{ width: 128, height: 96, batch_size: 2 }]);
  assert.deepEqual(inputs("CLIPTextEncode").map((input) => input["text"]), [
    "pixel art, 16-bit sprite, a red dragon, crisp pixels, limited palette, clean outline",
    "photo, blurry, anti-aliased, photo, realistic, 3d render, gradient, jpeg artifacts, watermark, text",
  ]);
  const [{ seed, steps, cfg, sampler_name, scheduler } = {}] = inputs("KSampler");
  assert.deepEqual([seed, steps, cfg, sampler_name, scheduler], [
    1234,
    7,
    5.5,
    "dpmpp_2m",
    "karras",
  ]);
  const [{ lora_name, strength_model, strength_clip } = {}] = inputs("LoraLoader");
  assert.deepEqual([lora_name, strength_model, strength_clip], [
    "pixel-art-xl-v1.1.safetensors",
    0.8,
    0.8,
  ]);
});

/** A ComfyUI whose previews say which prompt they belong to, and one whose previews do not. */
for (const profile of ["0.3.64", "0.3.44"] as const) {
  Deno.test(`Previews of ComfyUI ${profile} are whole files when they are announced, and go with their job`, async () => {
    await using setup = await workerSetup({ simulator: { profile, previewMethod: "latent2rgb" } });
    // A subscription takes effect a moment after it was made.
    await setup.client.generate(IMAGE).result;
    // A preview can be looked at before it goes.
    using stall = setup.simulator.faults.stall("VAEDecode");
    const job = setup.client.generate({ ...IMAGE, steps: 50 });
    let previews = 0;
    for await (const update of job.updates()) {
      if (update.type !== "preview") continue;
      previews += 1;
      if (previews > 1) continue;
      const bytes = await Deno.readFile(update.image_path);
      assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8]);
      assert.deepEqual([...bytes.subarray(-2)], [0xff, 0xd9]);
      stall.release();
    }
    assert.ok(previews >= 1 && previews <= 50);
    await assert.rejects(Deno.stat(`${setup.outputDir}/previews`), Deno.errors.NotFound);
  });
}

Deno.test("Previews stay where they are to be kept", async () => {
  await using dir = await tempDir();
  const config = `${dir.path}/worker.yaml`;
  await Deno.writeTextFile(config, "output: { keep_previews: true }\n");
  const simulator = { previewMethod: "latent2rgb" } as const;
  await using setup = await workerSetup({ simulator, flags: { config } });
  await setup.client.generate(IMAGE).result;
  const job = setup.client.generate(IMAGE);
  const updates = await Array.fromAsync(job.updates());
  const paths = updates.flatMap((update) => update.type === "preview" ? [update.image_path] : []);
  assert.ok(paths.length > 0);
  for (const path of paths) assert.ok((await Deno.stat(path)).size > 0);
});

Deno.test("Previews are asked for where ComfyUI can be asked, and may be turned off", async () => {
  await using dir = await tempDir();
  const config = `${dir.path}/worker.yaml`;
  await Deno.writeTextFile(config, "output: { preview_method: none }\n");
  const askedFor = async (simulator: SimulatorOptions, flags: Flags = {}) => {
    await using setup = await workerSetup({
      simulator: { previewMethod: "none", ...simulator },
      flags,
    });
    await setup.client.generate(IMAGE).result;
    const job = setup.client.generate(IMAGE);
    let previews = 0;
    for await (const update of job.updates()) if (update.type === "preview") previews += 1;
    const [prompt] = setup.simulator.record.prompts;
    const { preview_method } = prompt?.body?.["extra_data"] as { preview_method?: unknown };
    return [preview_method, previews > 0];
  };
  assert.deepEqual(await askedFor({ profile: "0.10" }), ["auto", true]);
  assert.deepEqual(await askedFor({ profile: "0.3.64" }), ["auto", false]);
  const willing = { previewMethod: "latent2rgb" } as const;
  assert.deepEqual(await askedFor({ profile: "0.38", ...willing }, { config }), ["none", false]);
  assert.deepEqual(await askedFor({ profile: "0.3.64", ...willing }, { config }), ["none", false]);
});

Deno.test("cancel stops a running job on ComfyUI, and a waiting one never gets there", async () => {
  await using setup = await workerSetup({ simulator: { stepTimeMs: 20 } });
  const running = setup.client.generate({ ...IMAGE, steps: 1_000 });
  // The other one comes after it for sure.
  await setup.simulator.when("progress");
  const waiting = setup.client.generate(IMAGE);
  await waiting.accepted;
  await waiting.cancel();
  await assert.rejects(waiting.result, { code: "cancelled" });
  await running.cancel();
  await assert.rejects(running.result, { code: "cancelled" });
  assert.deepEqual(setup.simulator.record.executions.map((run) => run.outcome), ["interrupted"]);
  await assert.rejects(running.cancel(), { code: "not_found" });
});

Deno.test("A worker that starts before ComfyUI takes jobs, and runs them when it is there", async () => {
  await using dir = await tempDir();
  const url = await freeUrl();
  const lines: string[] = [];
  const logger = { log: (_level: string, message: string) => void lines.push(message) };
  await using worker = await startWorker({ config: await testConfig(dir.path, url), logger });
  await using client = await connect({
    reqAddress: worker.reqAddress,
    pubAddress: worker.pubAddress,
  });
  const job = client.generate(IMAGE);
  await job.accepted;
  assert.equal((await client.status()).queue_size, 1);
  const isAway = (line: string) => line.startsWith("ComfyUI is away");
  await polled(() => Promise.resolve(lines.find(isAway)), "the worker to miss ComfyUI");
  await using _simulator = await startSimulator({ port: Number(new URL(url).port), stepTimeMs: 1 });
  assert.ok((await job.result).imagePath.endsWith(".png"));
  assert.equal(lines.filter(isAway).length, 1);
});

Deno.test("A job whose ComfyUI is lost goes on when it is back", async () => {
  await using setup = await workerSetup({ simulator: { stepTimeMs: 20 } });
  const job = setup.client.generate({ ...IMAGE, steps: 20 });
  await setup.simulator.when("progress");
  await setup.simulator.faults.restart();
  assert.ok((await job.result).imagePath.endsWith(".png"));
  const info = await setup.client.job(job.id);
  assert.equal(info.state, "completed");
});

Deno.test("A model or workflow that is not there is refused before anything is queued", async () => {
  await using setup = await workerSetup();
  const refused = async (fields: Partial<typeof IMAGE> & { workflow?: string; lora?: string }) =>
    await setup.client.generate({ ...IMAGE, ...fields }).accepted.then(
      () => "accepted",
      (error) => error.message,
    );
  // The first answer of the server is what the check goes by.
  await setup.client.generate(IMAGE).result;
  assert.equal(await refused({ model: "nope.safetensors" }), "Model not found: nope.safetensors");
  assert.equal(await refused({ lora: "nope.safetensors" }), "Model not found: nope.safetensors");
  assert.match(await refused({ workflow: "nope" }), /^Invalid parameter: workflow/);
  assert.equal((await setup.client.status()).queue_size, 0);
});

Deno.test("A failure of ComfyUI is told with its cause, and the next job works", async () => {
  await using setup = await workerSetup();
  setup.simulator.faults.errorNext({ nodeClass: "KSampler", message: "the moon is in the way" });
  await assert.rejects(setup.client.generate(IMAGE).result, /the moon is in the way/);
  assert.ok((await setup.client.generate(IMAGE).result).imagePath);
});

Deno.test("The same request under the same id is one job", async () => {
  await using setup = await workerSetup();
  const request = { ...IMAGE, id: "twice", seed: 1 };
  const first = await setup.client.generate(request).result;
  const again = setup.client.generate(request);
  await again.accepted;
  assert.deepEqual((await again.result).imagePaths, first.imagePaths);
  assert.equal(setup.simulator.record.executions.length, 1);
  await assert.rejects(setup.client.generate({ ...request, prompt: "other" }).accepted, {
    code: "id_conflict",
  });
});

Deno.test("Hostile ids stay in the output directory and apart from each other", async () => {
  await using setup = await workerSetup();
  const ids = [
    "../../escape",
    "..",
    ".",
    "a/b",
    "a\\b",
    "nul",
    "A",
    "a",
    "ü".repeat(200),
    "x\u0000y",
  ];
  const results = await Promise.all(
    ids.map((id) => setup.client.generate({ ...IMAGE, id }).result),
  );
  const paths = results.map((result) => result.imagePath);
  assert.equal(new Set(paths.map((path) => path.toLowerCase())).size, ids.length);
  for (const path of paths) {
    assert.equal(path.slice(0, path.lastIndexOf("/")), setup.outputDir);
  }
});

Deno.test("Jobs that run when a worker stops go on with the next one, and are run once", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 20 });
  const config = await testConfig(dir.path, simulator.url);
  const first = await startWorker({ config });
  {
    await using client = await connect({
      reqAddress: first.reqAddress,
      pubAddress: first.pubAddress,
      silenceMs: 60_000,
    });
    const job = client.generate({ ...IMAGE, id: "survivor", steps: 40 });
    job.result.catch(() => {});
    await simulator.when("progress");
    await first.close();
  }
  await using second = await startWorker({ config });
  await using client = await connect({
    reqAddress: second.reqAddress,
    pubAddress: second.pubAddress,
    silenceMs: 100,
  });
  const again = client.generate({ ...IMAGE, id: "survivor", steps: 40 });
  assert.ok((await again.result).imagePath.endsWith(".png"));
  assert.equal(simulator.record.executions.length, 1);
});

Deno.test("Many clients at once each see their own job through", async () => {
  await using setup = await workerSetup({ flags: { "log-level": "error" } });
  const clients = await Promise.all(
    Array.from(
      { length: 8 },
      () => connect({ reqAddress: setup.worker.reqAddress, pubAddress: setup.worker.pubAddress }),
    ),
  );
  const results = await Promise.all(
    clients.flatMap((client, index) =>
      [1, 2, 3].map((number) =>
        client.generate({ ...IMAGE, id: `c${index}-${number}`, seed: index }).result
      )
    ),
  );
  assert.equal(new Set(results.map((result) => result.imagePath)).size, 24);
  await Promise.all(clients.map((client) => client.close()));
});

interface Node {
  class_type: string;
  inputs: Record<string, unknown>;
}

function assertNeverFalls(values: number[]): void {
  values.forEach((value, index) => {
    if (index > 0) assert.ok(value >= values[index - 1]!, `${value} after ${values[index - 1]}`);
  });
}

/** A port that was free a moment ago. */
async function freeUrl(): Promise<string> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return await Promise.resolve(`http://127.0.0.1:${port}`);
}

async function standOf(address: string, jobId: string): Promise<JobList> {
  await using socket = await zmqTransport().connectRequests(address);
  const request = encodeRequest({ type: "list_jobs", job_ids: [jobId] });
  const reply = decodeReply(await socket.request(request));
  assert.ok(reply.type === "job_list");
  return reply;
}

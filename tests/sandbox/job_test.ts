import assert from "node:assert/strict";
import type { RunOutcome } from "../../src/executor/mod.ts";
import { bindTemplate, createTemplate } from "../../src/workflow/mod.ts";
import { generateRequest } from "../support/requests.ts";
import { jobSetup } from "./job_setup.ts";

Deno.test("runJob() posts a prompt once, and its image gets the name of the job", async () => {
  await using setup = await jobSetup();
  const { outcome, events } = await setup.run();
  assert.ok(outcome.type === "completed");
  assert.deepEqual(outcome.imagePaths, [`${setup.dir}/job-1_0.png`]);
  assert.equal(setup.simulator.record.executions.length, 1);
  assert.deepEqual(events[0], { type: "started", workflow: "pixel_art_workflow" });
  const last = events.at(-1);
  assert.ok(last?.type === "progress" && last.progress.percent === 100);
});

Deno.test("runJob() follows a prompt that an earlier attempt had posted", async () => {
  await using setup = await jobSetup({ stepTimeMs: 20 });
  const { catalog } = setup.context;
  const request = generateRequest({ size: [64, 64], steps: 10 });
  const prompt = bindTemplate(catalog.choose(request), request, { seed: 1 });
  const promptId = crypto.randomUUID();
  const posted = await fetch(`${setup.simulator.url}/prompt`, {
    method: "POST",
    body: JSON.stringify({ prompt, prompt_id: promptId, client_id: "dead" }),
  });
  assert.equal(posted.status, 200);
  await posted.body?.cancel();
  await setup.simulator.when("execution_start");
  const { outcome } = await setup.run({ promptId, resumed: true, request });
  assert.equal(outcome.type, "completed");
  assert.equal(setup.simulator.record.executions.length, 1);
});

Deno.test("runJob() takes the image of a prompt that ended while nobody looked", async () => {
  await using setup = await jobSetup();
  const { spec } = await setup.run();
  await Deno.writeTextFile(`${setup.dir}/job-1_0.png`, "somebody else's");
  const { outcome } = await setup.run({ ...spec, resumed: true });
  assert.deepEqual(outcome, { type: "completed", imagePaths: [`${setup.dir}/job-1_0-2.png`] });
  assert.equal(setup.simulator.record.executions.length, 1);
});

Deno.test("runJob() keeps an image once that was brought home by an attempt that died", async () => {
  await using setup = await jobSetup();
  const { spec } = await setup.run();
  await Deno.mkdir(`${setup.dir}/previews/job-1`, { recursive: true });
  await Deno.writeTextFile(`${setup.dir}/previews/job-1/step_00001.jpg`, "left behind");
  const { outcome } = await setup.run({ ...spec, resumed: true });
  assert.deepEqual(outcome, { type: "completed", imagePaths: [`${setup.dir}/job-1_0.png`] });
  const names = await Array.fromAsync(Deno.readDir(setup.dir), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name.endsWith(".png")), ["job-1_0.png"]);
  await assert.rejects(Deno.stat(`${setup.dir}/previews/job-1`), Deno.errors.NotFound);
});

Deno.test("runJob() does not bring an image again for a prompt that is on the server", async () => {
  await using setup = await jobSetup();
  const { outcome: generated } = await setup.run();
  assert.ok(generated.type === "completed");
  const init_image = "start.png";
  const path = `${setup.dir}/${init_image}`;
  await Deno.rename(generated.imagePaths[0]!, path);
  const request = generateRequest({ size: [64, 64], steps: 4, init_image });
  const uploads = () => setup.simulator.record.requests.get("POST /upload/image");
  const { outcome, spec } = await setup.run({ request });
  assert.equal(outcome.type, "completed");
  assert.equal(uploads(), 1);
  setup.context.inputs.forget();
  await Deno.remove(path);
  assert.equal((await setup.run({ ...spec, resumed: true })).outcome.type, "completed");
  assert.equal(uploads(), 1);
  const { outcome: gone } = await setup.run({ request });
  assert.deepEqual(facts(gone), ["invalid_parameter", false, false, false]);
});

Deno.test("runJob() does not post again what ComfyUI has forgotten: that is for the host to decide", async () => {
  await using setup = await jobSetup();
  const waited = await setup.run({ resumed: true });
  assert.deepEqual(facts(waited.outcome), ["lost", true, false, false]);
  const ran = await setup.run({ resumed: true, hadStarted: true });
  assert.deepEqual(facts(ran.outcome), ["lost", true, false, true]);
  assert.equal(setup.simulator.record.prompts.length, 0);
});

Deno.test("runJob() notices that ComfyUI went down while it ran the job", async () => {
  await using setup = await jobSetup({ stepTimeMs: 20 });
  const running = setup.run({ request: generateRequest({ size: [64, 64], steps: 500 }) });
  await setup.simulator.when("progress");
  await setup.simulator.faults.restart();
  assert.deepEqual(facts((await running).outcome), ["lost", true, false, true]);
});

Deno.test("runJob() recognises an executor that neither works nor lets go", async () => {
  await using setup = await jobSetup({}, { stallTimeoutMs: 150 });
  setup.simulator.faults.stall("KSampler");
  const { outcome } = await setup.run();
  assert.deepEqual(facts(outcome), ["stalled", true, false, false]);
  assert.ok(outcome.type === "failed");
  assert.match(outcome.error, /its executor hangs or has died; restart ComfyUI/);
});

Deno.test("runJob() asks for another attempt when the server is away", async () => {
  await using setup = await jobSetup();
  await setup.simulator.close();
  const { outcome } = await setup.run();
  // Nothing was posted, so the job is free to go to another server.
  // Whether the prompt may be there depends on whether the loss was noticed before it was posted.
  const [code, retry, _keepPrompt, crashed] = facts(outcome);
  assert.deepEqual([code, retry, crashed], ["unreachable", true, false]);
  assert.equal(setup.context.server.state, "unreachable");
  const resumed = await setup.run({ resumed: true });
  assert.deepEqual(facts(resumed.outcome), ["unreachable", true, true, false]);
});

Deno.test("runJob() says that the server is away when its connection breaks, and gives up in time", async () => {
  await using setup = await jobSetup({ stepTimeMs: 20 }, { unreachableMs: 300 });
  const running = setup.run({ request: generateRequest({ size: [64, 64], steps: 500 }) });
  await setup.simulator.when("progress");
  const away = setup.nextState();
  await setup.simulator.faults.goDown();
  assert.equal(await away, "unreachable");
  assert.deepEqual(facts((await running).outcome), ["unreachable", true, true, false]);
});

Deno.test("runJob() frees the server's memory when it ran out of it", async () => {
  await using setup = await jobSetup();
  setup.simulator.faults.oomNext();
  assert.deepEqual(facts((await setup.run()).outcome), ["out_of_memory", true, false, false]);
  assert.equal(setup.simulator.record.requests.get("POST /free"), 1);
});

Deno.test("runJob() does not try again what a node refuses", async () => {
  await using setup = await jobSetup();
  setup.simulator.faults.errorNext({ nodeClass: "VAEDecode", message: "no" });
  assert.deepEqual(facts((await setup.run()).outcome), ["execution", false, false, false]);
});

Deno.test("runJob() leaves no half file behind when an image cannot be fetched", async () => {
  await using setup = await jobSetup();
  setup.simulator.faults.failNext("GET /view", { status: 500, times: 100 });
  const { outcome } = await setup.run();
  assert.equal(outcome.type, "failed");
  const names = (await Array.fromAsync(Deno.readDir(setup.dir))).map((entry) => entry.name);
  assert.deepEqual(names, []);
});

Deno.test("runJob() says so when a workflow ends without an image", async () => {
  await using setup = await jobSetup();
  const { graph } = setup.context.catalog.choose(generateRequest());
  const preview = Object.fromEntries(
    Object.entries(graph).map(([id, node]) => [
      id,
      node.class_type === "SaveImage"
        ? { class_type: "SaveLatent", inputs: { samples: ["5", 0], filename_prefix: "x" } }
        : node,
    ]),
  );
  const template = createTemplate("latent-only", preview);
  const context = {
    ...setup.context,
    catalog: { ...setup.context.catalog, choose: () => template },
  };
  const { outcome } = await setup.run({}, undefined, undefined, context);
  assert.ok(outcome.type === "failed");
  assert.match(outcome.error, /SaveLatent|without an image/);
});

function facts(outcome: RunOutcome): unknown[] {
  if (outcome.type !== "failed") return [outcome.type];
  return [outcome.code, outcome.retry, outcome.keepPrompt, outcome.crashed];
}

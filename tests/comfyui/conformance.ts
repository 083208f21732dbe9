/**
 * What the client relies on, as tests for any server: the simulator always, a real ComfyUI when
 * there is one. Both must pass the same tests; a difference is a fault of the simulator or of the
 * specification.
 */

import assert from "node:assert/strict";
import {
  type ComfyClient,
  type ComfyEvent,
  type CompletedEvent,
  createComfyClient,
  loadImageValue,
  type PreviewMethod,
  type PromptGraph,
} from "../../src/comfyui/mod.ts";
import { assertFailed, collect, type Collected } from "./fake_comfy.ts";
import { CHECKPOINT, plainImage, textToImage } from "./graphs.ts";

/** A busy machine may take longer than a caller waits. */
const PATIENT = { timeoutMs: 60_000 };

/** A server under test. */
export interface ServerUnderTest extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
}

/** What the tests work with. */
interface Bench {
  client: ComfyClient;
}

/** More than any image here has. */
const MOST_BYTES = 2 ** 24;

/** Enough steps for a run that is cancelled to be still under way. */
const MANY_STEPS = 2_000;

const SAMPLER = "5";

const CASES: Record<string, (bench: Bench) => Promise<void>> = {
  "tells what it is and what it has": tellsWhatItHas,
  "runs a graph from text to image": runsTextToImage,
  "repeats an identical prompt from its cache": repeatsFromCache,
  "executes only what a new seed changes": executesWhatChanged,
  "saves each image of a batch": savesBatch,
  "runs a graph without any model": runsWithoutModel,
  "shows previews of the sampler, if any": showsPreviews,
  "shows previews as a prompt asks, where it can be asked": showsPreviewsAsAsked,
  "refuses a checkpoint that it lacks, naming those it has": refusesCheckpoint,
  "refuses a size out of range": refusesSize,
  "refuses a node type that it lacks": refusesNodeType,
  "refuses a graph without output": refusesNoOutput,
  "has a partly wrong graph refused as a whole": refusesPartly,
  "reports a node that fails": reportsFailure,
  "cancels a run under way and serves the next": cancelsRunning,
  "cancels a prompt that waits": cancelsWaiting,
  "knows where a prompt stands": knowsState,
  "gives the events of many prompts to their owners": keepsApart,
  "takes an upload and works on it": takesUpload,
  "lacks a file that was never written": lacksFile,
};

/** Registers the tests for a server. */
export function registerConformance(
  name: string,
  start: () => Promise<ServerUnderTest>,
): void {
  for (const [title, run] of Object.entries(CASES)) {
    Deno.test(`${name} ${title}`, async () => {
      await using server = await start();
      await using client = createComfyClient({ url: server.url });
      await run({ client });
    });
  }
}

async function tellsWhatItHas({ client }: Bench): Promise<void> {
  const stats = await client.systemStats();
  assert(stats.devices.length > 0);
  assert((stats.devices[0]?.vramTotalBytes ?? 0) > 0);
  assert.match(stats.version ?? "", /^\d+\.\d+/);
  const { flags } = await client.features();
  assert.equal(flags.supports_preview_metadata, true);
  assert((await client.models("checkpoints")).includes(CHECKPOINT));
  assert.deepEqual(await client.models("no_such_folder"), []);
  const details = await client.modelDetails("checkpoints");
  assert((details?.find(({ name }) => name === CHECKPOINT)?.sizeBytes ?? 0) > 0);
  const info = await client.objectInfo("KSampler");
  assert.deepEqual(info.KSampler?.output, ["LATENT"]);
  assert.deepEqual(await client.objectInfo("NoSuchNode"), {});
}

async function runsTextToImage({ client }: Bench): Promise<void> {
  const run = collect(client.run(textToImage({ steps: 5 })));
  const { images, executed } = await completed(run);
  assertOrder(run.events, ["queued", "started", "cached", "executing", "progress", "executed"]);
  assert(executed.includes(SAMPLER) && executed.includes("7"));
  assertSteps(run, 5);
  assert.equal(images.length, 1);
  assert.match(images[0]?.filename ?? "", /^conformance_\d{5,}_\.png$/);
  const size = await sizeOf(client, images[0]);
  assert.deepEqual(size, [64, 64]);
}

async function repeatsFromCache({ client }: Bench): Promise<void> {
  const graph = textToImage();
  const first = await completed(collect(client.run(graph)));
  const run = collect(client.run(graph));
  const second = await completed(run);
  assert.deepEqual(second.images, first.images);
  assert.deepEqual(second.executed, []);
  assert.deepEqual(second.cached.toSorted(), Object.keys(graph));
  assert(!run.types().includes("executing") && !run.types().includes("progress"));
  const executed = run.events.find((event) => event.type === "executed");
  assert.deepEqual(executed?.images, first.images);
}

async function executesWhatChanged({ client }: Bench): Promise<void> {
  const first = await completed(collect(client.run(textToImage({ seed: 1_001 }))));
  const run = collect(client.run(textToImage({ seed: 1_002 })));
  const second = await completed(run);
  assert.notDeepEqual(second.images, first.images);
  assert.deepEqual(second.cached.toSorted(), ["1", "2", "3", "4"]);
  const nodes = run.events.flatMap((event) => event.type === "executing" ? [event.node] : []);
  assert.deepEqual(nodes, ["5", "6", "7"]);
}

async function savesBatch({ client }: Bench): Promise<void> {
  const run = collect(client.run(textToImage({ batchSize: 3, steps: 4 })));
  const { images } = await completed(run);
  assert.equal(new Set(images.map(({ filename }) => filename)).size, 3);
  assert.equal(progressOf(run, SAMPLER).at(-1)?.max, 4);
}

async function runsWithoutModel({ client }: Bench): Promise<void> {
  const { images } = await completed(collect(client.run(plainImage())));
  assert.deepEqual(await sizeOf(client, images[0]), [32, 16]);
}

async function showsPreviews({ client }: Bench): Promise<void> {
  const run = collect(client.run(textToImage({ steps: 3 })));
  await completed(run);
  for (const event of run.events) {
    if (event.type !== "preview") continue;
    assert.equal(event.node, SAMPLER);
    assert.equal(event.mimeType, "image/jpeg");
    assert.deepEqual([...event.image.subarray(0, 2)], [0xff, 0xd8]);
  }
}

async function showsPreviewsAsAsked({ client }: Bench): Promise<void> {
  const previews = async (seed: number, options: { previewMethod?: PreviewMethod } = {}) => {
    const run = collect(client.run(textToImage({ steps: 3, seed }), options));
    await completed(run);
    return run.types().includes("preview");
  };
  const usual = await previews(2_001);
  const [asked, unwanted] = await heedsPreviewMethod(client) ? [true, false] : [usual, usual];
  assert.equal(await previews(2_002, { previewMethod: "latent2rgb" }), asked);
  assert.equal(await previews(2_003, { previewMethod: "none" }), unwanted);
  assert.equal(await previews(2_004, { previewMethod: "auto" }), asked);
  assert.equal(await previews(2_005, { previewMethod: "default" }), usual);
  assert.equal(await previews(2_006), usual);
}

/** True from 0.5.0 on. */
async function heedsPreviewMethod(client: ComfyClient): Promise<boolean> {
  const { version = "" } = await client.systemStats();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 0 || minor >= 5;
}

async function refusesCheckpoint({ client }: Bench): Promise<void> {
  const error = await collect(client.run(textToImage({ checkpoint: "nope.safetensors" }))).ended;
  assertFailed(error, { code: "rejected", status: 400, nodeId: "1" });
  assert.match(
    String(error),
    /"Load Checkpoint" \(1\): ckpt_name 'nope.safetensors' is not available/,
  );
  assert(String(error).includes(CHECKPOINT));
}

async function refusesSize({ client }: Bench): Promise<void> {
  const error = await collect(client.run(textToImage({ width: 8 }))).ended;
  assertFailed(error, { code: "rejected", status: 400, nodeId: "4" });
  assert.match(String(error), /width 8 is below the minimum 16/);
}

async function refusesNodeType({ client }: Bench): Promise<void> {
  const graph = plainImage();
  graph["1"] = { class_type: "NoSuchNode", inputs: {} };
  const error = await collect(client.run(graph)).ended;
  assertFailed(error, { code: "rejected", status: 400 });
  assert.match(String(error), /lacks the node type 'NoSuchNode'/);
}

async function refusesNoOutput({ client }: Bench): Promise<void> {
  const { "1": source } = plainImage();
  const error = await collect(client.run(source === undefined ? {} : { "1": source })).ended;
  assertFailed(error, { code: "rejected", status: 400 });
  assert.match(String(error), /no output node/);
}

async function refusesPartly({ client }: Bench): Promise<void> {
  const graph: PromptGraph = {
    ...plainImage(),
    "3": { class_type: "SaveImage", inputs: { filename_prefix: "conformance" } },
  };
  const promptId = crypto.randomUUID();
  const error = await collect(client.run(graph, { promptId })).ended;
  assertFailed(error, { code: "rejected", status: 200, nodeId: "3" });
  assert.match(String(error), /images is missing/);
  assert.notEqual(await client.state(promptId), "pending");
  assert.notEqual(await client.state(promptId), "running");
}

async function reportsFailure({ client }: Bench): Promise<void> {
  const graph = plainImage();
  const save = graph["2"];
  assert(save !== undefined);
  save.inputs.filename_prefix = "../outside";
  const error = await collect(client.run(graph)).ended;
  assertFailed(error, { code: "execution", nodeId: "2" });
  assert.match(String(error), /ComfyUI failed in node "SaveImage" \(2\): /);
}

async function cancelsRunning({ client }: Bench): Promise<void> {
  const run = collect(client.run(textToImage({ steps: MANY_STEPS })));
  while (!run.types().includes("progress")) await run.changed();
  const promptId = promptIdOf(run);
  assert.deepEqual(await client.cancel(promptId, PATIENT), { type: "interrupted" });
  assertFailed(await run.ended, { code: "interrupted", nodeId: SAMPLER });
  assert.deepEqual(await client.cancel(promptId, PATIENT), { type: "interrupted" });
  await completed(collect(client.run(plainImage())));
}

async function cancelsWaiting({ client }: Bench): Promise<void> {
  const running = collect(client.run(textToImage({ steps: MANY_STEPS })));
  while (!running.types().includes("progress")) await running.changed();
  const waiting = collect(client.run(plainImage()));
  while (!waiting.types().includes("queued")) await waiting.changed();
  const promptId = promptIdOf(waiting);
  assert.equal(await client.state(promptId), "pending");
  assert.deepEqual(await client.cancel(promptId, PATIENT), { type: "removed" });
  assertFailed(await waiting.ended, { code: "interrupted" });
  assert.equal(await client.state(promptId), "unknown");
  assert.equal(await client.state(promptIdOf(running)), "running");
  await client.cancel(promptIdOf(running), PATIENT);
  assertFailed(await running.ended, { code: "interrupted" });
}

async function knowsState({ client }: Bench): Promise<void> {
  const run = collect(client.run(plainImage()));
  const { images } = await completed(run);
  const promptId = promptIdOf(run);
  assert.equal(await client.state(promptId), "finished");
  assert.deepEqual((await client.history(promptId))?.outcome, { type: "success" });
  const attached = await completed(collect(client.attach(promptId)));
  assert.deepEqual(attached.images, images);
  const stranger = crypto.randomUUID();
  assert.equal(await client.state(stranger), "unknown");
  assert.deepEqual(await client.cancel(stranger, PATIENT), { type: "unknown" });
  assertFailed(await collect(client.attach(stranger)).ended, { code: "lost" });
}

async function keepsApart({ client }: Bench): Promise<void> {
  const runs = [3, 4, 5].map((steps) => ({
    steps,
    run: collect(client.run(textToImage({ steps }))),
  }));
  for (const { steps, run } of runs) {
    const { images } = await completed(run);
    assert.equal(images.length, 1);
    assertSteps(run, steps);
  }
}

async function takesUpload({ client }: Bench): Promise<void> {
  const { images: [image] } = await completed(collect(client.run(plainImage())));
  assert(image !== undefined);
  const bytes = await client.read(image, { maxBytes: MOST_BYTES });
  const uploaded = await client.upload(bytes, `conformance ${crypto.randomUUID()}.png`, {
    subfolder: "conformance",
  });
  assert.equal(uploaded.subfolder, "conformance");
  const graph = plainImage();
  graph["1"] = { class_type: "LoadImage", inputs: { image: loadImageValue(uploaded) } };
  const { images: [result] } = await completed(collect(client.run(graph)));
  assert.notEqual(result?.filename, image?.filename);
  assert.deepEqual(await sizeOf(client, result), [32, 16]);
}

async function lacksFile({ client }: Bench): Promise<void> {
  const image = { filename: `${crypto.randomUUID()}.png`, subfolder: "", type: "output" };
  const reading = client.read(image, { maxBytes: MOST_BYTES });
  await assert.rejects(reading, { code: "output", status: 404 });
}

async function completed(run: Collected): Promise<CompletedEvent> {
  assert.equal(await run.ended, undefined);
  const last = run.events.at(-1);
  assert(last?.type === "completed");
  return last;
}

function promptIdOf(run: Collected): string {
  const event = run.events.find((event) => event.type === "queued");
  return event?.promptId ?? "";
}

/** Without previews servers may leave out steps between the first and the last. */
function assertSteps(run: Collected, steps: number): void {
  const told = progressOf(run, SAMPLER);
  assert.deepEqual(told.map(({ max }) => max), Array(told.length).fill(steps));
  const values = told.map(({ value }) => value);
  const inOrder = [...new Set(values)].sort((a, b) => a - b);
  assert.deepEqual(values, inOrder);
  assert.deepEqual([values[0], values.at(-1)], [1, steps]);
  if (run.events.some(({ type }) => type === "preview")) assert.equal(values.length, steps);
}

function progressOf(run: Collected, node: string) {
  return run.events.filter((event) => event.type === "progress" && event.node === node)
    .filter((event) => event.type === "progress");
}

/** Asserts that the first events of these types come in this order. */
function assertOrder(events: ComfyEvent[], types: ComfyEvent["type"][]): void {
  const places = types.map((type) => events.findIndex((event) => event.type === type));
  assert(!places.includes(-1), `${types} in ${events.map(({ type }) => type)}`);
  assert.deepEqual(places, places.toSorted((a, b) => a - b));
}

/** Width and height of a PNG, read from its header. */
async function sizeOf(
  client: ComfyClient,
  image: CompletedEvent["images"][number] | undefined,
): Promise<[number, number]> {
  assert(image !== undefined);
  const content = await client.read(image, { maxBytes: MOST_BYTES });
  const view = new DataView(content.buffer);
  return [view.getUint32(16), view.getUint32(20)];
}

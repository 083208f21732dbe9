import assert from "node:assert/strict";
import { contentId } from "../../../src/cli/generate/batch_plan.ts";
import { generateRequest } from "../../support/requests.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { IMAGE, type WorkerSetup, workerSetup } from "../../support/worker.ts";
import { addressFlags, run, start } from "../fake_io.ts";

interface BatchSetup extends AsyncDisposable {
  readonly setup: WorkerSetup;
  args(...more: string[]): string[];
}

async function batchSetup(lines: readonly unknown[]): Promise<BatchSetup> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const setup = starting.use(await workerSetup());
  const path = `${dir.path}/p.jsonl`;
  await Deno.writeTextFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
  const running = starting.move();
  const small = ["--size=64x64", "--steps=5"];
  return {
    setup,
    args: (...more) => [
      "generate",
      "--from",
      path,
      ...small,
      ...addressFlags(setup.worker),
      ...more,
    ],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

Deno.test("generate --from generates every entry once, however often it is run", async () => {
  await using batch = await batchSetup(["a knight", { prompt: "a potion", seed: 7 }]);
  const first = await run(batch.args());
  assert.equal(first.exitCode, 0, first.stderr());
  assert.equal(first.stdout().trim().split("\n").length, 2);
  assert.match(first.stderr(), /^2 of 2 done$/m);
  const second = await run(batch.args());
  assert.equal(second.exitCode, 0);
  assert.deepEqual(lines(second.stdout()), lines(first.stdout()));
  assert.match(second.stderr(), /^2 of 2 done \(2 before\)$/m);
  assert.equal((await batch.setup.client.jobs()).jobs.length, 2);
});

Deno.test("generate --from goes on after entries that are wrong, refused or fail, and exits with 1", async () => {
  await using batch = await batchSetup([
    { prompt: "a", color: "red" },
    { prompt: "b", steps: 0 },
    { prompt: "c", model: "absent.safetensors" },
    { prompt: "d" },
    { prompt: "e" },
  ]);
  batch.setup.simulator.faults.errorNext({ nodeClass: "KSampler", message: "no moon" });
  const { exitCode, stdout, stderr } = await run(batch.args("--parallel=1"));
  assert.equal(exitCode, 1);
  assert.equal(lines(stdout()).length, 1);
  assert.match(stderr(), /^error: \S+p\.jsonl:1: has an unknown field "color"/m);
  assert.match(stderr(), /^error: \S+p\.jsonl:2: Invalid parameter: steps/m);
  assert.match(stderr(), /^error: p\.jsonl:3: Model not found: absent/m);
  assert.match(stderr(), /^error: p\.jsonl:4: .*no moon/m);
  assert.match(stderr(), /^1 of 3 done, 2 failed, 2 wrong in the file$/m);
});

Deno.test("generate --from tries failed jobs again only when told to", async () => {
  await using batch = await batchSetup(["a knight"]);
  batch.setup.simulator.faults.errorNext({ nodeClass: "KSampler", message: "no moon" });
  assert.equal((await run(batch.args())).exitCode, 1);
  const again = await run(batch.args());
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr(), /no moon/);
  const retried = await run(batch.args("--retry-failed"));
  assert.equal(retried.exitCode, 0, retried.stderr());
  const ids = (await batch.setup.client.jobs()).jobs.map((job) => job.job_id);
  assert.deepEqual(ids, [`${ids[1]}.2`, ids[1]]);
  assert.match(String(ids[1]), /^a-knight_[0-9a-f]{12}$/);
});

Deno.test("generate --from goes on under ids of the file's own, too, and tries them again if told to", async () => {
  await using batch = await batchSetup([{ prompt: "a", id: "one" }, { prompt: "b", id: "two" }]);
  batch.setup.simulator.faults.errorNext({ nodeClass: "KSampler", message: "no moon" });
  assert.equal((await run(batch.args("--parallel=1"))).exitCode, 1);
  const retried = await run(batch.args("--retry-failed"));
  assert.equal(retried.exitCode, 0, retried.stderr());
  assert.match(retried.stdout(), /\/one\.2_0\.png$/m);
  assert.match(retried.stderr(), /^2 of 2 done \(1 before\)$/m);
  using stall = batch.setup.simulator.faults.stall("KSampler");
  const running = start(batch.args("--force", "--parallel=1"));
  await stall.reached;
  running.signal();
  await batch.setup.simulator.when("interrupt");
  stall.release();
  assert.equal(await running.code, 130);
  const later = await run(batch.args());
  assert.equal(later.exitCode, 0, later.stderr());
});

Deno.test("generate --from goes on with a cancelled job under an id of the file's own", async () => {
  await using batch = await batchSetup([{ prompt: "a", id: "one" }]);
  using stall = batch.setup.simulator.faults.stall("KSampler");
  const running = start(batch.args());
  await stall.reached;
  running.signal();
  await batch.setup.simulator.when("interrupt");
  stall.release();
  assert.equal(await running.code, 130);
  const { exitCode, stdout, stderr } = await run(batch.args());
  assert.equal(exitCode, 0, stderr());
  assert.match(stdout(), /\/one\.2_0\.png$/m);
  assert.match((await run(batch.args())).stderr(), /^1 of 1 done \(1 before\)$/m);
});

Deno.test("generate --from makes an image that is gone again, with the seed that it had", async () => {
  await using batch = await batchSetup(["a knight", "a potion"]);
  const first = await run(batch.args("--json"));
  const [ended] = first.json().filter(({ type }) => type === "ended");
  const path = String(ended?.["image_path"]);
  await Deno.remove(path);
  const second = await run(batch.args("--json"));
  const again = second.json().filter(({ type }) => type === "ended")
    .find(({ job_id }) => job_id === `${ended?.["job_id"]}.2`);
  assert.equal(again?.["seed"], ended?.["seed"]);
  await Deno.stat(String(again?.["image_path"]));
  assert.equal(second.json().at(-1)?.["completed_before"], 1);
  const third = await run(batch.args());
  assert.match(third.stderr(), /^2 of 2 done \(2 before\)$/m);
});

Deno.test("generate --from tells of the animations of what was done before, too", async () => {
  await using batch = await batchSetup([{ prompt: "a knight", animation_frames: 2 }]);
  const paths = async () => (await run(batch.args())).stdout().trim().split("\n");
  const first = await paths();
  assert.match(first.join(), /\.gif,.*\.apng$/);
  assert.deepEqual(await paths(), first);
});

Deno.test("generate --from --force makes everything anew, and --only just what it names", async () => {
  await using batch = await batchSetup(["a", "b", { prompt: "c", id: "see" }]);
  assert.equal((await run(batch.args())).exitCode, 0);
  const anew = await run(batch.args("--force", "--only=2-3"));
  assert.match(anew.stderr(), /^2 of 2 done$/m);
  assert.match(anew.stdout(), /\/see\.2_0\.png$/m);
  const later = await run(batch.args());
  assert.match(later.stderr(), /^3 of 3 done \(3 before\)$/m);
  assert.match(later.stdout(), /\/see\.2_0\.png$/m);
  assert.equal((await batch.setup.client.jobs()).jobs.length, 5);
  const wrong = await run(batch.args("--only=4"));
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr(), /has no entry at 4; .* such as \S+p\.jsonl:1\n$/);
  const odd = await run(batch.args("--only=0-x"));
  assert.equal(odd.exitCode, 2);
});

Deno.test("generate --from generates an entry whose words were changed under the same id", async () => {
  await using batch = await batchSetup([{ prompt: "a knight", id: "one" }]);
  await batch.setup.client.generate({ ...IMAGE, prompt: "a dragon", id: "one" }).result;
  const { exitCode, stdout, stderr } = await run(batch.args());
  assert.equal(exitCode, 0, stderr());
  assert.match(stdout(), /\/one\.2_0\.png$/m);
  assert.match((await run(batch.args())).stderr(), /^1 of 1 done \(1 before\)$/m);
});

Deno.test("generate --from goes on where a stop signal ended it", async () => {
  await using batch = await batchSetup(["a", "b", "c"]);
  using stall = batch.setup.simulator.faults.stall("KSampler");
  const running = start(batch.args("--parallel=1"));
  await stall.reached;
  running.signal();
  await batch.setup.simulator.when("interrupt");
  stall.release();
  assert.equal(await running.code, 130);
  assert.match(running.stderr(), /^0 of 3 done, 1 cancelled, 2 not started$/m);
  const second = await run(batch.args());
  assert.equal(second.exitCode, 0, second.stderr());
  assert.equal(lines(second.stdout()).length, 3);
});

Deno.test("generate --from leaves out what is asked for twice, and --count makes more of each", async () => {
  await using batch = await batchSetup(["a", "a", { prompt: "b", id: "j" }]);
  const { exitCode, stdout, stderr } = await run(batch.args("--count=2"));
  assert.equal(exitCode, 0);
  assert.equal(lines(stdout()).length, 4);
  assert.match(stderr(), /p\.jsonl:2 asks for the same as \S+p\.jsonl:1, and is left out/);
  assert.equal((await batch.setup.client.job("j-2")).state, "completed");
});

Deno.test("generate --from --json tells the place of each ending, and the numbers at last", async () => {
  await using batch = await batchSetup(["a", 5]);
  const { json } = await run(batch.args("--json"));
  assert.deepEqual(json().at(-1), {
    type: "summary",
    jobs: 1,
    completed: 1,
    completed_before: 0,
    failed: 0,
    cancelled: 0,
    invalid: 1,
  });
  const ended = json().find(({ type }) => type === "ended");
  assert.match(String(ended?.["place"]), /p\.jsonl:1$/);
  assert.match(String(json()[0]?.["place"]), /p\.jsonl:2$/);
});

Deno.test("generate takes either a prompt or a file", async () => {
  for (const args of [[], ["a", "--from", "p.csv"], ["--from", "p.csv", "--id", "j"]]) {
    const { exitCode, stderr } = await run(["generate", ...args]);
    assert.equal(exitCode, 2);
    assert.match(stderr(), /^error: Give either a prompt or --from/);
  }
});

Deno.test("contentId() is the same for the same content in any order, and for nothing else", async () => {
  const { type, id: _id, ...content } = generateRequest({ loras: [{ name: "x" }] });
  const turned = Object.fromEntries(Object.entries(content).reverse()) as typeof content;
  const id = await contentId({ type, id: "one", ...content }, 0);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(await contentId({ type, id: "two", ...turned }, 0), id);
  assert.notEqual(await contentId({ type, id: "one", ...content }, 1), id);
  assert.notEqual(await contentId({ type, id: "one", ...content, steps: 21 }, 0), id);
});

function lines(text: string): string[] {
  return text.trim().split("\n").sort();
}

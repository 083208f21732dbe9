import assert from "node:assert/strict";
import { tempDir } from "../../support/temp_dir.ts";
import { IMAGE, workerSetup } from "../../support/worker.ts";
import { addressFlags, NOBODY, run, start } from "../fake_io.ts";

for (
  const args of [
    ["ping"],
    ["status"],
    ["models"],
    ["jobs"],
    ["job", "j"],
    ["cancel", "j"],
    ["generate", "a knight"],
    ["generate", "a knight", "--model=m"],
  ]
) {
  Deno.test(`${args.join(" ")} says in one sentence that no worker answers, and exits with 3`, async () => {
    const { exitCode, stdout, stderr } = await run([...args, ...NOBODY]);
    assert.equal(exitCode, 3, stderr());
    assert.match(stderr(), /^error: No answer from tcp:\/\/127\.0\.0\.1:9 within 50 ms, [^\n]+\n$/);
    assert.equal(stdout(), "");
  });
}

Deno.test("ping tells that the worker answers", async () => {
  await using setup = await workerSetup();
  const plain = await run(["ping", ...addressFlags(setup.worker)]);
  assert.equal(plain.exitCode, 0);
  assert.match(plain.stdout(), /^Answer in \d+\.\d ms\n$/);
  const json = await run(["ping", "--json", ...addressFlags(setup.worker)]);
  assert.equal(typeof json.json()[0]?.["ms"], "number");
});

Deno.test("commands find the worker by the variables of its settings, also where it listens everywhere", async () => {
  await using setup = await workerSetup();
  const port = (address: string) => new URL(address).port;
  const env = {
    DGX_PIXELS_REQ_ADDR: `tcp://0.0.0.0:${port(setup.worker.reqAddress)}`,
    DGX_PIXELS_PUB_ADDR: `tcp://*:${port(setup.worker.pubAddress)}`,
  };
  const { exitCode, stderr } = await run(["ping"], { env });
  assert.equal(exitCode, 0, stderr());
});

Deno.test("status tells of the worker and each server, within 40 columns", async () => {
  await using setup = await workerSetup();
  await setup.client.generate(IMAGE).result;
  const { exitCode, stdout } = await run(["status", ...addressFlags(setup.worker)], {
    columns: 40,
    terminal: true,
  });
  assert.equal(exitCode, 0);
  assert.match(
    stdout(),
    /^0 running, 0 waiting, up \d[^\n]*\n127\.0\.0\.1:\d+ {2}ready {2}0 running\n$/,
  );
  assert.ok(stdout().split("\n").every((line) => line.length <= 40));
});

Deno.test("status --json is one object with the servers in it", async () => {
  await using setup = await workerSetup();
  const { json } = await run(["status", "--json", ...addressFlags(setup.worker)]);
  const [status] = json();
  assert.equal(status?.["queue_size"], 0);
  assert.equal((status?.["servers"] as unknown[]).length, 1);
});

Deno.test("models lists what a generate can name", async () => {
  await using setup = await workerSetup();
  const plain = await run(["models", ...addressFlags(setup.worker)]);
  assert.equal(plain.exitCode, 0);
  assert.match(plain.stdout(), /^sd_xl_base_1\.0\.safetensors +checkpoint/m);
  const json = await run(["models", "--json", ...addressFlags(setup.worker)]);
  assert.deepEqual(
    json.json().map((model) => model["name"]),
    (await setup.client.models()).map((model) => model.name),
  );
  const all = await run(["models", "--all", ...addressFlags(setup.worker)]);
  assert.match(all.stdout(), /^4x-UltraSharp\.pth +upscale_model/m);
  assert.match(all.stdout(), /^sd_xl_base_1\.0\.safetensors +checkpoint/m);
  assert.doesNotMatch(plain.stdout(), /upscale_model/);
});

Deno.test("jobs lists the newest jobs first, of a state if asked, and as JSON", async () => {
  await using setup = await workerSetup();
  for (const id of ["j1", "j2", "j3"]) await setup.client.generate({ ...IMAGE, id }).result;
  const flags = addressFlags(setup.worker);
  const plain = await run(["jobs", ...flags, "--limit", "2"], { columns: 40 });
  assert.equal(plain.exitCode, 0);
  assert.match(
    plain.stdout(),
    /^j3 {2}completed {2}\/\S+\.png {2}\d[\w. ]* old {2}a knight {2}64x64 5 steps sd_xl_base_1\.0 seed \d+\nj2 {2}[^\n]+\n$/,
  );
  const json = await run(["jobs", ...flags, "--json"]);
  assert.deepEqual(json.json().map((job) => job["job_id"]), ["j3", "j2", "j1"]);
  const none = await run(["jobs", ...flags, "--state", "failed"]);
  assert.equal(none.exitCode, 0);
  assert.equal(none.stdout(), "");
});

Deno.test("jobs, job and watch tell which job is the dragon", async () => {
  await using setup = await workerSetup();
  const prompts = ["a knight", `a dragon ${"with many scales ".repeat(40)}\x1b[2J`];
  const loras = [{ name: "pixel-art-xl-v1.1.safetensors", strength_model: 0.8 }];
  for (const [index, prompt] of prompts.entries()) {
    await setup.client.generate({ ...IMAGE, id: `job-${index}`, prompt, loras, seed: 7 }).result;
  }
  const flags = addressFlags(setup.worker);
  const jobs = await run(["jobs", ...flags], { terminal: true, columns: 80 });
  const dragon = jobs.stdout().split("\n").findIndex((line) => line.includes("a dragon with"));
  assert.equal(jobs.stdout().split("\n")[dragon - 2], "job-1", jobs.stdout());
  assert.match(jobs.stdout(), /64x64 5 steps sd_xl_base_1\.0 \+pixel-art-xl-v1\.1:0\.8 seed 7/);
  const job = await run(["job", "job-0", ...flags]);
  assert.match(job.stdout(), /^prompt {5}a knight\nmodel {6}sd_xl_base_1\.0\.safetensors\n/m);
  assert.match(job.stdout(), /^LoRAs {6}pixel-art-xl-v1\.1:0\.8\nsize {7}64x64\nsteps {6}5\nseed/m);
  const watch = start(["watch", ...flags], { terminal: true, columns: 80 });
  await watch.wrote(/job-1 +done in [^\n]+ {2}a dragon with/);
  watch.press("q");
  assert.equal(await watch.code, 0);
});

Deno.test("jobs keeps each id whole on a narrow terminal", async () => {
  await using setup = await workerSetup();
  const id = "0123456789abcdef0123456789abcdef0123";
  await setup.client.generate({ ...IMAGE, id }).result;
  const { stdout } = await run(["jobs", ...addressFlags(setup.worker)], {
    columns: 40,
    terminal: true,
  });
  assert.equal(stdout().split("\n")[0], id);
});

Deno.test("jobs refuses a state that there is none of, and exits with 2", async () => {
  const { exitCode, stderr } = await run(["jobs", "--state", "lost"]);
  assert.equal(exitCode, 2);
  assert.match(stderr(), /Allowed choices are queued, running/);
});

Deno.test("job tells all that is known of one, and exits with 1 if there is none", async () => {
  await using setup = await workerSetup();
  await setup.client.generate({ ...IMAGE, id: "j1", seed: 7 }).result;
  const flags = addressFlags(setup.worker);
  const plain = await run(["job", "j1", ...flags]);
  assert.equal(plain.exitCode, 0);
  assert.match(plain.stdout(), /^id {9}j1\nstate {6}completed\n/);
  assert.match(plain.stdout(), /^seed {7}7\n(?:.+\n)*image {6}\/.+\.png$/m);
  const json = await run(["job", "j1", "--json", ...flags]);
  assert.equal(json.json()[0]?.["state"], "completed");
  const none = await run(["job", "nobody", ...flags]);
  assert.equal(none.exitCode, 1);
  assert.equal(none.stderr(), "error: Job not found: nobody\n");
});

Deno.test("cancel gives a running job up, and one that is not there does not spare it", async () => {
  await using setup = await workerSetup();
  const job = setup.client.generate({ ...IMAGE, id: "j1", steps: 10_000 });
  job.result.catch(() => {});
  await job.accepted;
  const { exitCode, stdout, stderr } = await run([
    "cancel",
    "nobody",
    "j1",
    ...addressFlags(setup.worker),
  ]);
  assert.equal(exitCode, 1);
  assert.equal(stdout(), "Cancelled j1\n");
  assert.equal(stderr(), "error: nobody: Job not found or already completed\n");
  await assert.rejects(job.result, { code: "cancelled" });
});

Deno.test("config tells each value with where it came from", async () => {
  const env = { DGX_PIXELS_LOG_LEVEL: "debug" };
  const { exitCode, json } = await run(["config", "--json", "--db", "a.db"], { env });
  assert.equal(exitCode, 0);
  const origins = new Map(json().map((row) => [row["path"], [row["value"], row["origin"]]]));
  assert.deepEqual(origins.get("worker.db"), ["a.db", "--db"]);
  assert.deepEqual(origins.get("logging.level"), ["debug", "DGX_PIXELS_LOG_LEVEL"]);
  assert.deepEqual(origins.get("output.output_dir"), ["./output", "default"]);
  const narrow = await run(["config"], { columns: 40, terminal: true });
  assert.match(
    narrow.stdout(),
    /^zmq\.req_rep_addr\n {2}tcp:\/\/127\.0\.0\.1:5555 {2}\(default\)\n/,
  );
});

Deno.test("config says what is wrong with a value, and exits with 2", async () => {
  const { exitCode, stderr } = await run(["config"], { env: { DGX_PIXELS_LOG_LEVEL: "loud" } });
  assert.equal(exitCode, 2);
  assert.match(stderr(), /^error: DGX_PIXELS_LOG_LEVEL must be/);
});

Deno.test("image brings an image here, and leaves a file that is there alone", async () => {
  await using setup = await workerSetup();
  await using dir = await tempDir();
  const { imagePath } = await setup.client.generate({ ...IMAGE, id: "../a b" }).result;
  const file = `${dir.path}/here.png`;
  const fetch = (...args: string[]) =>
    run(["image", "../a b", ...args, ...addressFlags(setup.worker)]);
  const first = await fetch(file);
  assert.deepEqual([first.exitCode, first.stdout()], [0, `${file}\n`]);
  assert.deepEqual(await Deno.readFile(file), await Deno.readFile(imagePath));
  const again = await fetch(file);
  assert.equal(again.exitCode, 2);
  assert.match(again.stderr(), /Cannot write .*here\.png/);
  const beyond = await fetch(`${dir.path}/none.png`, "--index=1");
  assert.equal(beyond.exitCode, 1);
  assert.match(beyond.stderr(), /the job has 1 images/);
});

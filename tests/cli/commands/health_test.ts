import assert from "node:assert/strict";
import { tempDir } from "../../support/temp_dir.ts";
import { IMAGE, workerSetup } from "../../support/worker.ts";
import { addressFlags, NOBODY, run } from "../fake_io.ts";

Deno.test("health finds nothing wrong with a worker that runs, one line each", async () => {
  await using setup = await workerSetup();
  // Once it has generated, its server is known to be there.
  await setup.client.generate(IMAGE).result;
  const files = ["--output-dir", setup.outputDir, "--db", `${setup.outputDir}/../queue.db`];
  const plain = await run(["health", ...addressFlags(setup.worker), ...files]);
  assert.equal(plain.exitCode, 0, plain.stdout());
  assert.match(
    plain.stdout(),
    new RegExp(
      "^ok {6}worker answers in \\d+\\.\\d ms\n" +
        "ok {6}comfyui 127\\.0\\.0\\.1:\\d+ ready\n" +
        "ok {6}workflows \\d+ in the package\n" +
        "ok {6}output can be written\n" +
        "ok {6}disk 1000\\.0 GB free\n" +
        "ok {6}database is there\n$",
    ),
  );
  const verbose = await run(["health", "-v", ...addressFlags(setup.worker), ...files]);
  assert.match(verbose.stdout(), /^ {8}protocol 1\.0\.0, 0 jobs running, 0 waiting$/m);
  assert.match(verbose.stdout(), /^ {8}txt2img_sdxl$/m);
  assert.ok(
    verbose.stdout().includes(`        1000.0 GB at ${setup.outputDir}\n`),
    verbose.stdout(),
  );
  const json = await run(["health", "--json", ...addressFlags(setup.worker), ...files]);
  assert.deepEqual(json.json().map(({ state }) => state), ["ok", "ok", "ok", "ok", "ok", "ok"]);
});

Deno.test("health looks at the files also when no worker answers, and exits with 3", async () => {
  await using dir = await tempDir();
  const files = [`--output-dir=${dir.path}/later`, `--db=${dir.path}/later.db`];
  const { exitCode, stdout } = await run(["health", ...NOBODY, ...files]);
  assert.equal(exitCode, 3);
  assert.match(stdout(), /^FAILED {2}worker No answer from tcp:\/\/127\.0\.0\.1:9 within 50 ms/);
  assert.match(stdout(), /^unknown comfyui 127\.0\.0\.1:8188 only a worker can tell$/m);
  assert.match(stdout(), /^ok {6}output is not there yet; the worker makes it$/m);
  assert.match(stdout(), /^ok {6}database is not there yet; the worker makes it$/m);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(dir.path)), []);
});

Deno.test("health names each workflow that cannot be used, and why", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/txt2img_sdxl.json`, "{}");
  const flags = [...NOBODY, `--workflow-dir=${dir.path}`];
  const { stdout } = await run(["health", ...flags]);
  assert.match(
    stdout(),
    /^FAILED {2}workflows Cannot use the workflow txt2img_sdxl: it has no nodes$/m,
  );
  await Deno.writeTextFile(`${dir.path}/other.json`, "[]");
  const both = await run(["health", "-v", ...flags]);
  assert.match(both.stdout(), /^FAILED {2}workflows 2 things are wrong in /m);
  assert.match(both.stdout(), /^ {8}Cannot use the workflow other: /m);
});

Deno.test("health exits with 1 for a server or file that is wrong", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "this is not a database");
  await using setup = await workerSetup();
  await setup.simulator.faults.goDown();
  const flags = [
    ...addressFlags(setup.worker),
    `--output-dir=${dir.path}/file`,
    `--workflow-dir=${dir.path}/absent`,
    `--db=${dir.path}/file`,
  ];
  let servers = await setup.client.servers();
  while (servers[0]?.state === "ready") servers = await setup.client.servers();
  const { exitCode, stdout } = await run(["health", ...flags]);
  assert.equal(exitCode, 1);
  assert.match(stdout(), /^FAILED {2}comfyui 127\.0\.0\.1:\d+ \w+/m);
  assert.match(stdout(), /^FAILED {2}workflows Cannot read the workflow folder/m);
  assert.match(stdout(), /^FAILED {2}output /m);
  assert.match(stdout(), /^FAILED {2}database .*\/file is no SQLite file$/m);
});

Deno.test("health says when the disk is nearly full, also of a folder that is yet to be made", async () => {
  await using dir = await tempDir();
  const files = [`--output-dir=${dir.path}/a/b/c/`, "--db=later.db"];
  const full = await run(["health", "-v", ...NOBODY, ...files], { freeBytes: 0.94e9 });
  const here = await Deno.realPath(".");
  assert.ok(
    full.stdout().includes(
      "FAILED  disk 0.9 GB free, less than 1.0 GB\n" +
        `        0.9 GB at ${await Deno.realPath(dir.path)}\n` +
        `        0.9 GB at ${here}\n`,
    ),
    full.stdout(),
  );
  const inMemory = await run([
    "health",
    "-v",
    ...NOBODY,
    `--output-dir=${dir.path}`,
    "--db=:memory:",
  ]);
  assert.match(
    inMemory.stdout(),
    /^ok {6}disk 1000\.0 GB free\n {8}1000\.0 GB at .*\nok {6}database/m,
  );
});

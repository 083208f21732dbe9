import assert from "node:assert/strict";
import { decodePng, emptyRaster, encodePng } from "../../../src/images/mod.ts";
import { startWorker } from "../../../src/worker/mod.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { IMAGE, testConfig, type WorkerSetup, workerSetup } from "../../support/worker.ts";
import { addressFlags, type FakeIoOptions, run, start } from "../fake_io.ts";

const SMALL = ["--size=64x64", "--steps=5"];

function args(setup: WorkerSetup, ...more: string[]): string[] {
  return ["generate", "a knight", ...SMALL, ...addressFlags(setup.worker), ...more];
}

Deno.test("generate generates with the first checkpoint and writes nothing but the path to standard output", async () => {
  await using setup = await workerSetup();
  const { exitCode, stdout, stderr } = await run(args(setup, "--id=j1", "--seed=7"));
  assert.equal(exitCode, 0, stderr());
  assert.match(stdout(), /^\/[^\n]+\.png\n$/);
  assert.ok((await Deno.stat(stdout().trim())).size > 100);
  assert.match(stderr(), /^waiting, ETA .+$/m);
  assert.match(stderr(), /^done in .+, seed 7$/m);
  assert.equal((await setup.client.job("j1")).seed, 7);
});

Deno.test("generate says that the job waits for a ComfyUI that is away", async () => {
  await using dir = await tempDir();
  // Nobody listens there.
  const config = await testConfig(dir.path, "http://127.0.0.1:9");
  await using worker = await startWorker({ config });
  const flags = [...SMALL, ...addressFlags(worker), "--model=m"];
  const running = start(["generate", "a knight", ...flags]);
  await running.wrote(/waiting, ETA/);
  running.signal();
  assert.equal(await running.code, 130);
  assert.match(
    running.stderr(),
    /^No ComfyUI is ready; jobs wait until one is: 127\.0\.0\.1:9 is /m,
  );
});

Deno.test("generate --json writes each message of the wire, and the ending", async () => {
  await using setup = await workerSetup();
  const { exitCode, json, stderr } = await run(args(setup, "--id=j1", "--json"));
  assert.equal(exitCode, 0);
  const types = json().map(({ type }) => type);
  assert.equal(types[0], "job_accepted");
  assert.ok(types.includes("progress"));
  const last = json().at(-1);
  assert.deepEqual([last?.["type"], last?.["job_id"], last?.["state"]], [
    "ended",
    "j1",
    "completed",
  ]);
  assert.equal(stderr(), "");
});

Deno.test("generate names jobs after the prompt, one number higher each time", async () => {
  await using setup = await workerSetup();
  const first = await run(args(setup, "--count=2"));
  assert.equal(first.exitCode, 0, first.stderr());
  const names = first.stdout().trim().split("\n").map((path) => path.slice(path.lastIndexOf("/")));
  assert.deepEqual(names.sort(), ["/a-knight_0001_0.png", "/a-knight_0002_0.png"]);
  const second = await run(args(setup));
  assert.match(second.stdout(), /\/a-knight_0003_0\.png\n$/);
});

Deno.test("generate --contact-sheet puts the seeds of a prompt side by side", async () => {
  await using setup = await workerSetup();
  await using dir = await tempDir();
  const path = `${dir.path}/sheet.png`;
  const more = ["--count=9", "--seed=5", `--contact-sheet=${path}`];
  const { exitCode, stdout, stderr } = await run(args(setup, ...more));
  assert.equal(exitCode, 0, stderr());
  assert.equal(stdout().trim().split("\n").at(-1), path);
  const { width, height, text } = decodePng(await Deno.readFile(path));
  assert.deepEqual([width, height], [3 * 64 + 4, 3 * 64 + 4]);
  const legend = JSON.parse(text["contact_sheet"] ?? "");
  assert.deepEqual(legend[8], { row: 3, column: 3, label: "seed 13" });
  const named = [`--contact-sheet=${path}`, "--count=2", "--id=k"];
  assert.equal((await run(args(setup, ...named))).exitCode, 0);
  const drawn = JSON.parse(decodePng(await Deno.readFile(path)).text["contact_sheet"] ?? "");
  assert.equal(drawn[1].label, `seed ${(await setup.client.job("k-2")).seed}`);
  const taken = await run(args(setup, "--contact-sheet", dir.path));
  assert.equal(taken.exitCode, 2);
  assert.match(taken.stderr(), /^error: Cannot write .*; name another file$/m);
});

Deno.test("generate --compare gives each model the same seed, a bar and a column of its own", async () => {
  const models = ["sd_xl_base_1.0.safetensors", "other.safetensors"];
  await using setup = await workerSetup({ simulator: { models: { checkpoints: models } } });
  await using dir = await tempDir();
  const path = `${dir.path}/sheet.png`;
  const more = [`--compare=${models.join(",")}`, `--contact-sheet=${path}`];
  const { exitCode, stderr } = await run(args(setup, ...more), { terminal: true });
  assert.equal(exitCode, 0, stderr());
  for (const model of models) assert.ok(stderr().includes(`${model}: [`), stderr());
  const { jobs } = await setup.client.jobs();
  assert.deepEqual(jobs.map(({ model }) => model).toSorted(), models.toSorted());
  assert.equal(jobs[0]?.seed, jobs[1]?.seed);
  const { width, height, text } = decodePng(await Deno.readFile(path));
  assert.deepEqual([width, height], [2 * 64 + 2, 64]);
  assert.deepEqual(
    JSON.parse(text["contact_sheet"] ?? "").map(({ label }: { label: string }) => label),
    models.map((model) => `${model}, seed ${jobs[0]?.seed}`),
  );
  const wrong = [["--compare=a"], ["--compare=a,a"], ["--compare=a,b", "--model=c"]];
  for (const flags of wrong) assert.equal((await run(args(setup, ...flags))).exitCode, 2);
});

Deno.test("generate --init-image sends a file of this machine", async () => {
  await using setup = await workerSetup();
  await using dir = await tempDir();
  const path = `${dir.path}/start.png`;
  await Deno.writeFile(path, await encodePng(emptyRaster(64, 64)));
  const { exitCode, stderr } = await run(args(setup, `--init-image=${path}`, "--denoise=0.5"));
  assert.equal(exitCode, 0, stderr());
  const absent = await run(args(setup, `--init-image=${path}x`));
  assert.equal(absent.exitCode, 2);
  assert.match(absent.stderr(), /^error: Cannot read /);
});

Deno.test("generate --count gives each job an id and a seed of its own", async () => {
  await using setup = await workerSetup();
  const more = ["--count=3", "--id=k", "--seed=5"];
  const { exitCode, stdout } = await run(args(setup, ...more));
  assert.equal(exitCode, 0);
  assert.equal(stdout().trim().split("\n").length, 3);
  const seeds = await Promise.all(
    ["k-1", "k-2", "k-3"].map(async (id) => (await setup.client.job(id)).seed),
  );
  assert.deepEqual(seeds, [5, 6, 7]);
});

Deno.test("generate says what is wrong with a value before the worker is asked, and exits with 2", async () => {
  const nowhere = ["--model=m", "--req-addr=tcp://127.0.0.1:9", "--pub-addr=tcp://127.0.0.1:10"];
  const cases: [string[], RegExp][] = [
    [["--size=64"], /It must be width x height in pixels/],
    [["--size=1x1"], /Invalid parameter: size\.0: expected an integer from 16/],
    [["--steps=0"], /Invalid parameter: steps/],
    [["--steps=many"], /It must be a whole number/],
    [["--cfg=101"], /Invalid parameter: cfg_scale/],
    [["--count=0"], /It must be a whole number from 1/],
    [["--show=always"], /This terminal is not known to show images/],
    [["--show=always", "--json"], /cannot be combined/],
    [
      ["--count=4", "--contact-sheet=a.png", "--format=webp"],
      /of PNG files, not of webp; leave out --format/,
    ],
    [["--compare=a,b", "--format=jpeg"], /of PNG files, not of jpeg/],
    [["--count=4", "--contact-sheet=a.jpg"], /is a PNG file; call it \.png, not a\.jpg/],
    [["--count=4", "--contact-sheet=nowhere/a.png"], /Cannot write nowhere\/a\.png: No such file/],
  ];
  for (const [more, message] of cases) {
    const { exitCode, stderr } = await run(["generate", "a knight", ...nowhere, ...more]);
    assert.equal(exitCode, 2, `${more}: ${stderr()}`);
    assert.match(stderr(), message);
  }
});

Deno.test("generate says why the worker refuses a job, and exits with 1", async () => {
  await using setup = await workerSetup();
  const { exitCode, stdout, stderr } = await run(args(setup, "--model=absent.safetensors"));
  assert.equal(exitCode, 1);
  assert.match(stderr(), /^error: Model not found: absent\.safetensors/m);
  assert.equal(stdout(), "");
  const json = await run(args(setup, "--model=absent.safetensors", "--json"));
  assert.equal(json.json().at(-1)?.["state"], "refused");
});

Deno.test("generate says why a job failed, and exits with 1", async () => {
  await using setup = await workerSetup();
  setup.simulator.faults.errorNext({ nodeClass: "KSampler", message: "the moon is in the way" });
  const { exitCode, stderr } = await run(args(setup));
  assert.equal(exitCode, 1, stderr());
  assert.match(stderr(), /^error: .*the moon is in the way/m);
});

Deno.test("generate gives its jobs up at a stop signal, and exits with 130", async () => {
  await using setup = await workerSetup();
  const running = start(args(setup, "--steps=10000", "--count=2", "--id=j"));
  await running.wrote(/sampling/);
  running.signal();
  assert.equal(await running.code, 130);
  assert.match(running.stderr(), /^1: cancelled$/m);
  for (const id of ["j-1", "j-2"]) {
    assert.equal((await setup.client.job(id)).state, "cancelled");
  }
});

Deno.test("generate leaves at once at the second stop signal", async () => {
  await using setup = await workerSetup();
  // The job ends only after it is let go, so it is not what the command can have waited for.
  using stall = setup.simulator.faults.stall("KSampler");
  const running = start(args(setup));
  await stall.reached;
  running.signal();
  running.signal("SIGTERM");
  assert.equal(await running.code, 130);
  stall.release();
});

Deno.test("generate tells that the worker has gone while a job runs, and exits with 3", async () => {
  await using setup = await workerSetup();
  // All is warm then, and answers well within the short time-out.
  await setup.client.generate(IMAGE).result;
  const running = start(args(setup, "--steps=10000", "--timeout=0.5"));
  await running.wrote(/sampling/);
  await setup.worker.close();
  assert.equal(await running.code, 3);
  assert.match(running.stderr(), /^error: The worker no longer answers; /m);
});

Deno.test("generate draws a bar for each job on a terminal, no line wider than it", async () => {
  await using setup = await workerSetup();
  for (const columns of [40, 80]) {
    // Steps that are quicker than updates are sent may all be missed.
    using first = setup.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
    const { code, stderr, wrote } = start(args(setup, "--count=2"), { terminal: true, columns });
    await first.reached;
    first.release();
    using second = setup.simulator.faults.stall({ nodeClass: "KSampler", step: 2 });
    await wrote(/2: .*sampling \d\/5/);
    second.release();
    assert.equal(await code, 0);
    // Where a ^C was shown the cursor is not in the first column.
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(stderr(), /[^\r]\x1b\[\d*A/);
    // deno-lint-ignore no-control-regex
    const lines = stderr().replace(/\r\x1b\[\d*A\x1b\[J/g, "").split("\n");
    assert.ok(lines.some((line) => /^2: .*sampling \d\/5/.test(line)), stderr());
    const [warning, ...bars] = lines;
    assert.match(warning ?? "", /^warning: SDXL, .* makes nothing usable at 64x64/);
    assert.deepEqual(bars.filter((line) => line.length >= columns), []);
  }
});

Deno.test("generate warns of no frames that are small, since their sheet is large", async () => {
  await using setup = await workerSetup();
  const { exitCode, stderr, stdout } = await run(args(setup, "--frames=2"));
  assert.equal(exitCode, 0, stderr());
  assert.doesNotMatch(stderr(), /warning/);
  const endings = stdout().trim().split("\n").map((path) => path.replace(/^.*knight_0001_0/, ""));
  assert.deepEqual(endings, ["_sheet.png", "_0000.png", "_0001.png", ".gif", ".apng"]);
});

Deno.test("generate shows the image where the terminal can, unless told not to", async () => {
  await using setup = await workerSetup();
  const kitty: FakeIoOptions = { terminal: true, env: { KITTY_WINDOW_ID: "1" } };
  const shown = await run(args(setup), kitty);
  assert.ok(shown.stdout().startsWith("\x1b_Gf=100,a=T"), shown.stdout());
  const never = await run(args(setup, "--show=never"), kitty);
  assert.match(never.stdout(), /^\//);
  const asked = await run(args(setup, "--show=always"), { terminal: true, answer: "\x1b[?62;4c" });
  assert.ok(asked.stdout().startsWith("\x1bP0;0;q"), asked.stdout());
  const unasked = await run(args(setup), { terminal: true, answer: "\x1b[?62;4c" });
  assert.match(unasked.stdout(), /^\//);
  const piped = await run(args(setup), { ...kitty, terminal: false });
  assert.match(piped.stdout(), /^\//);
});

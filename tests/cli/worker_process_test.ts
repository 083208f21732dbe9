import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { type Program, startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE } from "../support/worker.ts";

Deno.test("worker --simulate takes a job and generates it, as a process of its own", async () => {
  await using setup = await startWorkerProcess();
  await using client = await connect(setup.addresses);
  const { imagePath } = await client.generate(IMAGE).result;
  assert.ok((await Deno.stat(imagePath)).size > 100);
  setup.program.signal("SIGTERM");
  const { code, stderr } = await setup.program.ended;
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`worker lets the running job finish on ${signal}, takes no more, and exits with 0`, async () => {
    await using simulator = await startSimulator({
      stepTimeMs: 1,
      loadTimeMs: 1,
      nodeTimeMs: 1,
      previewMethod: "still",
    });
    using stall = simulator.faults.stall({ nodeClass: "KSampler", step: 3 });
    await using setup = await startWorkerProcess([], [`--comfyui-url=${simulator.url}`]);
    await using client = await connect(setup.addresses);
    const running = client.generate(IMAGE);
    await stall.reached;
    setup.program.signal(signal);
    await setup.program.logged(
      "Stopping: running jobs may finish; the same signal again stops at once",
    );
    await assert.rejects(client.generate(IMAGE).accepted, {
      code: "unavailable",
      message: /^Backend busy/,
    });
    stall.release();
    assert.ok((await running.result).imagePath);
    assert.equal((await setup.program.ended).code, 0);
  });
}

Deno.test("worker stops at once when it is told twice, and hands the running job back", async () => {
  await using setup = await startWorkerProcess();
  await using client = await connect(setup.addresses);
  const job = client.generate({ ...IMAGE, steps: 10_000 });
  job.result.catch(() => {});
  await firstProgress(job.updates());
  setup.program.signal("SIGTERM");
  await setup.program.logged(
    "Stopping: running jobs may finish; the same signal again stops at once",
  );
  setup.program.signal("SIGTERM");
  assert.equal((await setup.program.ended).code, 0);
});

Deno.test("worker says in one sentence that its port is taken, and leaves the other's queue alone", async () => {
  await using first = await startWorkerProcess();
  await using second = startTask("worker", [
    "--simulate",
    `--req-addr=${first.addresses.reqAddress}`,
    "--pub-addr=tcp://127.0.0.1:0",
    ...first.files,
  ]);
  const { code, stderr } = await second.ended;
  assert.notEqual(code, 0);
  const complaint = stderr.split("\n").filter((line) => line.startsWith("error: "));
  assert.equal(complaint.length, 1);
  assert.match(complaint[0] ?? "", /it is in use/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

Deno.test("worker says in one sentence what is wrong with a file or directory", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "x");
  await Deno.writeTextFile(`${dir.path}/config.yaml`, "worker:\n  queue_max_size: many\n");
  const cases: [string[], RegExp][] = [
    [["--output-dir", `${dir.path}/file`], /Cannot write to the output directory/],
    [["--config", `${dir.path}/absent.yaml`], /Cannot read the configuration file/],
    [["--config", `${dir.path}/config.yaml`], /config\.yaml:2:19: worker\.queue_max_size must be/],
    [["--workflow-dir", `${dir.path}/absent`], /Cannot read the workflow folder/],
    [["--db", `${dir.path}/absent/queue.db`], /Cannot open the queue database/],
    [["--db", `${dir.path}/config.yaml`], /not a queue database/],
    [["--req-addr", "localhost"], /--req-addr must be/],
    [["--no-such-flag"], /unknown option '--no-such-flag'/],
  ];
  for (const [args, message] of cases) {
    await using program = startTask("worker", [
      "--simulate",
      "--req-addr=tcp://127.0.0.1:0",
      "--pub-addr=tcp://127.0.0.1:0",
      `--output-dir=${dir.path}/output`,
      `--db=${dir.path}/queue.db`,
      ...args,
    ]);
    const { code, stderr } = await program.ended;
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

Deno.test("worker warns of an unknown key and goes on", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/config.yaml`;
  await Deno.writeTextFile(file, "zmq:\n  req_addr: tcp://127.0.0.1:0\n");
  await using setup = await startWorkerProcess(["--config", file]);
  const warning = await setup.program.logged(
    `${file}:2:3: unknown key zmq.req_addr; did you mean zmq.req_rep_addr?`,
  );
  assert.equal(warning?.["level"], "warn");
});

Deno.test("--help of each command tells its options, and exits with 0", async () => {
  for (const command of ["worker", "demo", "simulator", "conformance", "validate-workflows"]) {
    await using program = startTask("cli", [command, "--help"]);
    const { code, stdout } = await program.ended;
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Usage: dgx-pixels ${command}`));
    assert.ok(stdout.split("\n").every((line) => line.length <= 110), stdout);
  }
});

Deno.test("demo generates an animation and ends with the paths of its files", async () => {
  await using dir = await tempDir();
  await using program = startTask("demo", ["a potion", "--cycle=idle"], { cwd: dir.path });
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  const path = /^Image: (.+)$/m.exec(stdout)?.[1] ?? "";
  assert.equal(path.startsWith(`${dir.path}/output/`), true, stdout);
  const gif = /^ +(\/.+\.gif)$/m.exec(stdout)?.[1] ?? "";
  for (const file of [path, gif]) assert.ok((await Deno.stat(file)).size > 100);
  assert.match(stdout, /sampling 25\/25/);
});

interface WorkerProcess extends AsyncDisposable {
  readonly program: Program;
  readonly addresses: { reqAddress: string; pubAddress: string };
  readonly files: string[];
}

async function startWorkerProcess(
  args: string[] = [],
  server = ["--simulate"],
): Promise<WorkerProcess> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const files = [`--output-dir=${dir.path}/output`, `--db=${dir.path}/queue.db`];
  const program = starting.use(startTask("worker", [
    ...server,
    "--req-addr=tcp://127.0.0.1:0",
    "--pub-addr=tcp://127.0.0.1:0",
    ...files,
    ...args,
  ]));
  const ready = await program.logged("Worker ready");
  if (ready === undefined) throw new Error((await program.ended).stderr);
  const running = starting.move();
  return {
    program,
    addresses: { reqAddress: String(ready["requests"]), pubAddress: String(ready["updates"]) },
    files,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function firstProgress(updates: AsyncIterable<{ type: string }>): Promise<void> {
  for await (const update of updates) {
    if (update.type === "progress") return;
  }
}

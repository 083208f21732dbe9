import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { type Program, startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

interface Addresses {
  readonly reqAddress: string;
  readonly pubAddress: string;
}

const ANY: Addresses = { reqAddress: "tcp://127.0.0.1:0", pubAddress: "tcp://127.0.0.1:0" };

Deno.test("A client that is suspended while its job ends tells of the image when it wakes", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 1, previewMethod: "still" });
  await using worker = startWorkerProcess(dir.path, simulator, ANY);
  const addresses = await addressesOf(worker);
  using stall = simulator.faults.stall("KSampler");
  await using program = generate("asleep", addresses);
  await stall.reached;
  program.signal("SIGSTOP");
  stall.release();
  const imagePath = await endOf("asleep", worker, addresses);
  program.signal("SIGCONT");
  await assertTells(program, imagePath);
});

Deno.test("A client that is suspended while its worker dies and another ends its job tells of the image", async () => {
  await using dir = await tempDir();
  await using simulator = await startSimulator({ stepTimeMs: 1, previewMethod: "still" });
  using stall = simulator.faults.stall("KSampler");
  let addresses: Addresses;
  let program: Program;
  await using programs = new AsyncDisposableStack();
  {
    await using worker = startWorkerProcess(dir.path, simulator, ANY);
    addresses = await addressesOf(worker);
    program = programs.use(generate("asleep", addresses));
    await stall.reached;
    program.signal("SIGSTOP");
    worker.signal("SIGKILL");
    await worker.ended;
  }
  stall.release();
  await using worker = startWorkerProcess(dir.path, simulator, addresses);
  await addressesOf(worker);
  const imagePath = await endOf("asleep", worker, addresses);
  program.signal("SIGCONT");
  await assertTells(program, imagePath);
  assert.equal(simulator.record.executions.length, 1);
});

function startWorkerProcess(dir: string, simulator: Simulator, addresses: Addresses): Program {
  return startTask("worker", [
    `--comfyui-url=${simulator.url}`,
    `--req-addr=${addresses.reqAddress}`,
    `--pub-addr=${addresses.pubAddress}`,
    `--output-dir=${dir}/output`,
    `--db=${dir}/queue.db`,
  ]);
}

async function addressesOf(worker: Program): Promise<Addresses> {
  const ready = await worker.logged("Worker ready");
  if (ready === undefined) throw new Error((await worker.ended).stderr);
  return { reqAddress: String(ready["requests"]), pubAddress: String(ready["updates"]) };
}

function generate(id: string, { reqAddress, pubAddress }: Addresses): Program {
  const addresses = [`--req-addr=${reqAddress}`, `--pub-addr=${pubAddress}`];
  const args = ["generate", "a knight", "--size=64x64", "--steps=5", "--show=never"];
  return startTask("cli", [...args, `--id=${id}`, ...addresses]);
}

/** Resolves with the path of the image when the worker says that it is done. */
async function endOf(id: string, worker: Program, addresses: Addresses): Promise<string> {
  await worker.logged("Job completed");
  await using client = await connect({ ...addresses, silenceMs: 60_000 });
  return (await client.job(id)).image_path ?? "none";
}

async function assertTells(program: Program, imagePath: string): Promise<void> {
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim().split("\n").at(-1), imagePath);
}

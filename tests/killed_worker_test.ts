import assert from "node:assert/strict";
import { connect } from "../src/client/mod.ts";
import { type Simulator, startSimulator } from "../src/simulator/mod.ts";
import { startWorker } from "../src/worker/mod.ts";
import { type Program, startTask } from "./support/process.ts";
import { tempDir } from "./support/temp_dir.ts";
import { IMAGE, testConfig } from "./support/worker.ts";

Deno.test("A worker killed while it fetches an image leaves no half file to its successor", async () => {
  await using dir = await tempDir();
  const outputDir = `${dir.path}/output`;
  await Deno.mkdir(outputDir);
  await using simulator = await startSimulator({ stepTimeMs: 1, previewMethod: "still" });
  simulator.faults.slowBytes({ bytesPerSecond: 500 });
  {
    await using program = startProcess(dir.path, simulator);
    await using client = await connect({ ...await addressesOf(program), silenceMs: 60_000 });
    // Not recursive: previews come under such names too.
    using watcher = Deno.watchFs(outputDir, { recursive: false });
    const job = client.generate({ ...IMAGE, id: "killed" });
    job.result.catch(() => {});
    await firstHidden(watcher);
    program.signal("SIGKILL");
    await program.ended;
  }
  // Previews of a job that is not done are nothing to wonder about.
  const left = (await fileNames(outputDir)).filter((name) => name !== "previews");
  assert.ok(left.length > 0 && left.every((name) => name.endsWith(".part")), left.join());
  simulator.faults.slowBytes(undefined);
  await using program = startProcess(dir.path, simulator);
  await using client = await connect({ ...await addressesOf(program), silenceMs: 100 });
  const { imagePath } = await client.generate({ ...IMAGE, id: "killed" }).result;
  const ended = (await fileNames(outputDir)).filter((name) => name !== "previews");
  assert.deepEqual(ended, [imagePath.slice(outputDir.length + 1)]);
  assert.equal(simulator.record.executions.length, 1);
});

Deno.test("A worker removes old half files of nobody's when it starts, and nothing else", async () => {
  await using dir = await tempDir();
  const outputDir = `${dir.path}/output`;
  await Deno.mkdir(outputDir);
  const [old, fresh] = [1, 2].map((number) => `.job-${number}.${crypto.randomUUID()}.part`);
  for (const name of [old!, fresh!, "image.png", ".hidden"]) {
    await Deno.writeTextFile(`${outputDir}/${name}`, "x");
    if (name !== fresh) await Deno.utime(`${outputDir}/${name}`, 1, 1);
  }
  await using simulator = await startSimulator();
  await using _worker = await startWorker({ config: await testConfig(dir.path, simulator.url) });
  assert.deepEqual(await fileNames(outputDir), [fresh, "image.png", ".hidden"].sort());
});

function startProcess(dir: string, simulator: Simulator): Program {
  return startTask("worker", [
    `--comfyui-url=${simulator.url}`,
    "--req-addr=tcp://127.0.0.1:0",
    "--pub-addr=tcp://127.0.0.1:0",
    `--output-dir=${dir}/output`,
    `--db=${dir}/queue.db`,
  ]);
}

async function addressesOf(program: Program): Promise<{ reqAddress: string; pubAddress: string }> {
  const ready = await program.logged("Worker ready");
  if (ready === undefined) throw new Error((await program.ended).stderr);
  return { reqAddress: String(ready["requests"]), pubAddress: String(ready["updates"]) };
}

async function firstHidden(watcher: Deno.FsWatcher): Promise<void> {
  for await (const { paths } of watcher) {
    if (paths.some((path) => path.endsWith(".part"))) return;
  }
}

async function fileNames(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

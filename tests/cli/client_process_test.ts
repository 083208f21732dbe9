import assert from "node:assert/strict";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { workerSetup } from "../support/worker.ts";
import { addressFlags, NOBODY } from "./fake_io.ts";

const TERMINAL = { TERM: "xterm-kitty", TERM_PROGRAM: "kitty", KITTY_WINDOW_ID: "1" };

Deno.test("generate shows its image with no more rights than its task has", async () => {
  await using setup = await workerSetup();
  const args = ["generate", "a knight", "--size=64x64", "--steps=5", "--show=always"];
  await using program = startTask("cli", [...args, ...addressFlags(setup.worker)], {
    env: TERMINAL,
  });
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  assert.ok(stdout.startsWith("\x1b_Gf=100,a=T"), stdout);
  const path = stdout.trim().split("\n").at(-1) ?? "";
  assert.ok((await Deno.stat(path)).size > 100);
});

Deno.test("generate gives its job up at SIGINT, and the process ends with 130", async () => {
  await using setup = await workerSetup();
  using stall = setup.simulator.faults.stall("KSampler");
  const args = ["generate", "a knight", "--size=64x64", "--id=j1"];
  await using program = startTask("cli", [...args, ...addressFlags(setup.worker)]);
  await stall.reached;
  program.signal("SIGINT");
  await setup.simulator.when("interrupt");
  stall.release();
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 130, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^cancelled$/m);
});

Deno.test("config reads the variables of its task, and nothing else of the environment", async () => {
  await using program = startTask("cli", ["config", "--json"], {
    env: { DGX_PIXELS_DB: "a.db", NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"path":"worker\.db","value":"a\.db","origin":"DGX_PIXELS_DB"/);
});

Deno.test("health may ask for the free space of the disk", async () => {
  await using dir = await tempDir();
  const files = [`--output-dir=${dir.path}`, `--db=${dir.path}/queue.db`];
  await using program = startTask("cli", ["health", "--json", ...NOBODY, ...files]);
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 3, stderr);
  const disk = stdout.split("\n").find((line) => line.startsWith('{"name":"disk"')) ?? "";
  assert.match(JSON.parse(disk).message, /^\d+\.\d GB free/);
});

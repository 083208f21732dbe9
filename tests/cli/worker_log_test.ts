import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import { startTask } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE } from "../support/worker.ts";

/** Each is refused with a line: together far more than a pipe holds. */
const REFUSALS = 2_000;

/** A worker on sockets in a folder, so that its addresses are known without its log. */
function startIn(dir: string, config: string, options: { unreadStderr?: boolean } = {}) {
  const file = `${dir}/config.yaml`;
  Deno.writeTextFileSync(file, config);
  const addresses = { reqAddress: `ipc://${dir}/req`, pubAddress: `ipc://${dir}/pub` };
  const program = startTask("worker", [
    "--simulate",
    `--config=${file}`,
    `--req-addr=${addresses.reqAddress}`,
    `--pub-addr=${addresses.pubAddress}`,
    `--output-dir=${dir}/output`,
    `--db=${dir}/queue.db`,
  ], options);
  return { program, addresses };
}

Deno.test("worker goes on, and stops when it is told to, while nobody reads its log", async () => {
  await using dir = await tempDir();
  const { program, addresses } = startIn(dir.path, "logging: { level: debug }\n", {
    unreadStderr: true,
  });
  await using _program = program;
  await using client = await connect(addresses);
  await client.ping();
  for (let n = 0; n < REFUSALS; n += 1) {
    await client.generate({ ...IMAGE, prompt: "x", workflow: "no-such-one" }).accepted.catch(
      () => {},
    );
  }
  assert.ok((await client.generate(IMAGE).result).imagePath);
  program.signal("SIGTERM");
  assert.equal((await program.ended).code, 0);
});

Deno.test("worker opens its log anew on SIGHUP, and lives on", async () => {
  await using dir = await tempDir();
  const log = `${dir.path}/worker.log`;
  const { program, addresses } = startIn(dir.path, `logging: { file: ${log} }\n`);
  await using _program = program;
  await using client = await connect(addresses);
  await client.ping();
  await Deno.rename(log, `${log}.1`);
  program.signal("SIGHUP");
  await client.generate(IMAGE).result;
  program.signal("SIGTERM");
  assert.equal((await program.ended).code, 0);
  assert.match(await Deno.readTextFile(log), /The log is opened anew[^]*Worker stopped/);
});

Deno.test("worker without a log file ignores SIGHUP", async () => {
  await using dir = await tempDir();
  const { program, addresses } = startIn(dir.path, "{}\n");
  await using _program = program;
  await using client = await connect(addresses);
  await client.ping();
  program.signal("SIGHUP");
  assert.ok((await client.generate(IMAGE).result).imagePath);
  program.signal("SIGTERM");
  assert.equal((await program.ended).code, 0);
});

Deno.test("worker says in one sentence that its log cannot be opened", async () => {
  await using dir = await tempDir();
  const { program } = startIn(dir.path, "logging: { file: /nonexistent-directory/log }\n");
  await using _program = program;
  const { code, stderr } = await program.ended;
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: Cannot open the log \/nonexistent-directory\/log: .*logging\.file$/m,
  );
});

Deno.test("worker takes a new log level on SIGHUP, says what needs a start, and keeps what is in force before nonsense", async () => {
  await using dir = await tempDir();
  const { program, addresses } = startIn(dir.path, "logging: { level: info }\n");
  await using _program = program;
  await using client = await connect(addresses);
  await client.ping();
  assert.ok(await program.logged("Worker ready"));
  await Deno.writeTextFile(`${dir.path}/config.yaml`, "logging: { level: nonsense }\n");
  program.signal("SIGHUP");
  assert.ok(await program.logged("The settings known before stay in force"));
  const fresh = "logging: { level: debug }\nworker: { queue_max_size: 5 }\n";
  await Deno.writeTextFile(`${dir.path}/config.yaml`, fresh);
  program.signal("SIGHUP");
  const told = await program.logged("Some settings change with the next start only");
  assert.equal(told?.["settings"], "worker.queue_max_size");
  await client.generate({ ...IMAGE, steps: 0 }).accepted.catch(() => {});
  program.signal("SIGTERM");
  const { code, stderr } = await program.ended;
  assert.equal(code, 0);
  assert.match(stderr, /"level":"debug"/);
});

Deno.test("worker adds and removes servers on SIGHUP, weighs them anew, and says which could not change", async () => {
  await using dir = await tempDir();
  const write = async (...servers: string[]) => {
    const lines = servers.map((server) => `    - ${server}\n`).join("");
    await Deno.writeTextFile(`${dir.path}/config.yaml`, `comfyui:\n  servers:\n${lines}`);
  };
  const addresses = { reqAddress: `ipc://${dir.path}/req`, pubAddress: `ipc://${dir.path}/pub` };
  await write("{ url: http://127.0.0.1:9, name: one }", "{ url: http://127.0.0.1:19, name: two }");
  await using program = startTask("worker", [
    `--config=${dir.path}/config.yaml`,
    `--req-addr=${addresses.reqAddress}`,
    `--pub-addr=${addresses.pubAddress}`,
    `--output-dir=${dir.path}/output`,
    `--db=${dir.path}/queue.db`,
  ]);
  await using client = await connect(addresses);
  assert.ok(await program.logged("Worker ready"));
  await write(
    "{ url: http://127.0.0.1:29, name: two, weight: 2 }",
    "{ url: http://127.0.0.1:39, name: three }",
  );
  program.signal("SIGHUP");
  const told = await program.logged("Some settings change with the next start only");
  assert.equal(told?.["settings"], "comfyui.servers (two)");
  assert.ok(await program.logged("Removed a server"));
  assert.deepEqual((await client.servers()).map(({ name }) => name), ["two", "three"]);
  program.signal("SIGTERM");
  assert.equal((await program.ended).code, 0);
});

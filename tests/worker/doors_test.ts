import assert from "node:assert/strict";
import { connect } from "../../src/client/mod.ts";
import type { ZmqConfig } from "../../src/config/mod.ts";
import { readSecretKey, writeKeyFiles } from "../../src/keys/mod.ts";
import type { Logger } from "../../src/log.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { generateCurveKeys } from "../../src/transport/mod.ts";
import { readDoors } from "../../src/worker/doors.ts";
import { startWorker } from "../../src/worker/mod.ts";
import { run } from "../cli/fake_io.ts";
import { hasPythonClient, PYTHON } from "../interop/python.ts";
import { tempDir } from "../support/temp_dir.ts";
import { testConfig } from "../support/worker.ts";

const LOOPBACK: ZmqConfig = {
  reqRepAddr: "tcp://127.0.0.1:5555",
  pubSubAddr: "tcp://127.0.0.1:5556",
  curveKey: undefined,
  curveClients: undefined,
  serverKey: undefined,
  allowInsecureBind: false,
  maxConnections: 1_000,
};

function memoryLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: (level, message) => void lines.push(`${level} ${message}`) };
}

for (
  const address of [
    "tcp://127.0.0.1:0",
    "tcp://127.8.9.10:1",
    "tcp://localhost:1",
    "tcp://[::1]:1",
    "ipc:///tmp/x.sock",
  ]
) {
  Deno.test(`readDoors() leaves ${address} open, which only this machine reaches`, async () => {
    const log = memoryLog();
    const doors = await readDoors({ ...LOOPBACK, pubSubAddr: address }, log);
    assert.deepEqual([doors.bind.curve, doors.keys], [undefined, undefined]);
    assert.deepEqual(log.lines, []);
  });
}

for (
  const address of [
    "tcp://0.0.0.0:1",
    "tcp://*:1",
    "tcp://[::]:1",
    "tcp://192.168.1.2:1",
    "tcp://eth0:1",
    "tcp://127.0.0.1.example.org:1",
    "tcp://localhost.example.org:1",
    "tcp://[::ffff:192.168.1.2]:1",
    "TCP://0.0.0.0:1",
  ]
) {
  Deno.test(`readDoors() refuses ${address} without keys, and says what to do`, async () => {
    for (const field of ["reqRepAddr", "pubSubAddr"] as const) {
      const config = { ...LOOPBACK, [field]: address };
      await assert.rejects(readDoors(config, memoryLog()), (error: Error) => {
        assert.ok(error.message.startsWith(`${address} can be reached from other machines`));
        assert.match(error.message, /keygen.*--curve-key.*tunnel.*--allow-insecure-bind/);
        return true;
      });
      const log = memoryLog();
      await readDoors({ ...config, allowInsecureBind: true }, log);
      assert.match(log.lines.join(), /^warn Anyone who can reach /);
    }
  });
}

Deno.test("readDoors() wants both the worker's key and the clients' directory", async () => {
  await assert.rejects(readDoors({ ...LOOPBACK, curveKey: "a" }, memoryLog()), {
    message: /zmq\.curve_key needs zmq\.curve_clients/,
  });
  await assert.rejects(readDoors({ ...LOOPBACK, curveClients: "a" }, memoryLog()), {
    message: /zmq\.curve_clients needs zmq\.curve_key/,
  });
});

async function securedWorker() {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  await Deno.mkdir(`${dir.path}/clients`);
  for (const name of ["worker", "clients/known", "stranger"]) {
    await writeKeyFiles(`${dir.path}/${name}`, await generateCurveKeys());
  }
  const simulator = starting.use(
    await startSimulator({ stepTimeMs: 1, loadTimeMs: 1, previewMethod: "still" }),
  );
  const config = await testConfig(dir.path, simulator.url, {
    "curve-key": `${dir.path}/worker.key_secret`,
    "curve-clients": `${dir.path}/clients`,
  });
  const worker = starting.use(await startWorker({ config }));
  const running = starting.move();
  return { dir: dir.path, worker, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

Deno.test("a worker with keys runs the job of a client that it knows, updates and all", async () => {
  await using setup = await securedWorker();
  const { publicKey: serverKey } = await readSecretKey(`${setup.dir}/worker.key_secret`);
  const own = await readSecretKey(`${setup.dir}/clients/known.key_secret`);
  const { reqAddress, pubAddress } = setup.worker;
  await using client = await connect({ reqAddress, pubAddress, curve: { serverKey, ...own } });
  const job = client.generate({
    prompt: "a knight",
    model: "sd_xl_base_1.0.safetensors",
    size: [64, 64],
    steps: 2,
    cfg_scale: 7,
  });
  const updates: string[] = [];
  for await (const { type } of job.updates()) updates.push(type);
  assert.match((await job.result).imagePath, /\.png$/);
  assert.equal(updates.at(-1), "job_complete");
  // The bytes come over the wire: this end may be another machine.
  const images = await Array.fromAsync(job.images());
  assert.equal(images.length, 1);
  assert.deepEqual(images[0]?.data, await Deno.readFile((await job.result).imagePath));
});

Deno.test("the commands take keys from flags, and hear nothing with a stranger's", async () => {
  await using setup = await securedWorker();
  const ping = (...flags: string[]) =>
    run(["ping", "--req-addr", setup.worker.reqAddress, ...flags]);
  const silent = "--timeout=0.4";
  const keys = (own: string) => [
    `--server-key=${setup.dir}/worker.key`,
    `--curve-key=${setup.dir}/${own}.key_secret`,
  ];
  assert.equal((await ping(...keys("clients/known"))).exitCode, 0);
  assert.equal((await ping(silent, ...keys("stranger"))).exitCode, 3);
  assert.equal((await ping(silent)).exitCode, 3);
  const half = await ping(keys("stranger")[0]!);
  assert.equal(half.exitCode, 2);
  assert.match(half.stderr(), /--server-key needs --curve-key/);
});

Deno.test("keygen makes a pair that is replaced by no second one", async () => {
  await using dir = await tempDir();
  const { exitCode, stdout } = await run(["keygen", `${dir.path}/me`]);
  assert.equal(exitCode, 0);
  assert.match(stdout(), /me\.key {2}give it to the other side\n.*me\.key_secret {2}keep it/);
  assert.equal((await readSecretKey(`${dir.path}/me.key_secret`)).publicKey.length, 40);
  assert.equal((await run(["keygen", `${dir.path}/me`])).exitCode, 2);
});

Deno.test("addresses that open too many connections are told of once, and counted", async () => {
  const log = memoryLog();
  const { bind, crowd } = await readDoors({ ...LOOPBACK, maxConnections: 7 }, log);
  assert.equal(bind.maxConnections, 7);
  for (const source of ["10.0.0.1", "10.0.0.1", "ipc"]) bind.onRefused?.(source);
  assert.equal(crowd.refused, 3);
  assert.deepEqual(log.lines, [
    "warn Cut off connections from 10.0.0.1: there are too many (zmq.max_connections is 7)",
    "warn Cut off connections from ipc: there are too many (zmq.max_connections is 7)",
  ]);
});

/** Asks with pyzmq, whose `zmq.auth` reads our files; prints the type of the answer, or "silence". */
const PY_CLIENT = `
import sys, msgpack, zmq, zmq.auth
address, server, own = sys.argv[1:]
socket = zmq.Context().socket(zmq.REQ)
socket.setsockopt(zmq.LINGER, 0)
socket.setsockopt(zmq.RCVTIMEO, 600)
if own:
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(own)
    socket.curve_serverkey, _ = zmq.auth.load_certificate(server)
socket.connect(address)
socket.send(msgpack.packb({"type": "ping"}))
try:
    print(msgpack.unpackb(socket.recv())["type"])
except zmq.Again:
    print("silence")
`;

Deno.test({
  name:
    "pyzmq with our key files: the right key is served; a stranger, a plain client and a wrong server key are not",
  ignore: !await hasPythonClient(),
  async fn() {
    await using setup = await securedWorker();
    const { dir, worker } = setup;
    const ask = async (server: string, own: string): Promise<string> => {
      const args = ["-c", PY_CLIENT, worker.reqAddress, server, own];
      const { stdout, stderr } = await new Deno.Command(PYTHON, { args }).output();
      return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
    };
    const [key, known, stranger] = ["worker.key", "clients/known.key_secret", "stranger.key_secret"]
      .map((name) => `${dir}/${name}`);
    const answers = await Promise.all([
      ask(key!, known!),
      ask(key!, stranger!),
      ask("", ""),
      ask(`${dir}/stranger.key`, known!),
    ]);
    assert.deepEqual(answers, ["pong", "silence", "silence", "silence"]);
  },
});

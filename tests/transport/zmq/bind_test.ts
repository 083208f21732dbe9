import assert from "node:assert/strict";
import { TransportError } from "../../../src/errors.ts";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { rawPublisher } from "../raw.ts";
import { bytes, serve, text } from "../support.ts";

/** A directory of the test's own, removed with what is left in it. */
async function scratch(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "transport_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("zmq: an IPC socket file is its user's alone and goes with the socket", async () => {
  await using directory = await scratch();
  const path = `${directory.path}/requests.sock`;
  const server = await zmqTransport().bindRequests(`ipc://${path}`);
  assert.equal((await Deno.lstat(path)).mode! & 0o777, 0o600);
  await server.close();
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

Deno.test("zmq: an IPC socket file that a dead process left does not matter", async () => {
  await using directory = await scratch();
  const path = `${directory.path}/stale.sock`;
  const { socket } = await rawPublisher(`ipc://${path}`);
  socket.close();
  assert.ok((await Deno.lstat(path)).isSocket);
  await using server = await zmqTransport().bindRequests(`ipc://${path}`);
  await using client = await zmqTransport().connectRequests(`ipc://${path}`);
  const serving = serve(server);
  assert.equal(text(await client.request(bytes("fresh"))), "fresh");
  await server.close();
  await serving;
});

Deno.test("zmq: an IPC path with a live owner is refused, and the owner goes on", async () => {
  await using directory = await scratch();
  const address = `ipc://${directory.path}/live.sock`;
  await using server = await zmqTransport().bindRequests(address);
  await using client = await zmqTransport().connectRequests(address);
  const serving = serve(server);
  await assert.rejects(zmqTransport().bindUpdates(address), { code: "address_in_use" });
  assert.equal(text(await client.request(bytes("still mine"))), "still mine");
  await server.close();
  await serving;
});

Deno.test("zmq: an IPC path where another file lies is refused, and the file kept", async () => {
  await using directory = await scratch();
  const path = `${directory.path}/notes.txt`;
  await Deno.writeTextFile(path, "precious");
  await assert.rejects(zmqTransport().bindRequests(`ipc://${path}`), (error) => {
    assert.ok(error instanceof TransportError);
    assert.equal(error.code, "address_invalid");
    assert.match(error.message, /Another kind of file/);
    return true;
  });
  assert.equal(await Deno.readTextFile(path), "precious");
});

const INVALID_TO_BIND = [
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:",
  "tcp://127.0.0.1:65536",
  "tcp://127.0.0.1:http",
  "tcp://192.0.2.1:5555",
  "tcp://host.invalid:5555",
  "ipc://",
  "ipc://*",
  "ipc:///no/such/directory/requests.sock",
  `ipc:///tmp/${"long".repeat(50)}.sock`,
  "carrier-pigeon://loft",
];

for (const address of INVALID_TO_BIND) {
  Deno.test(`zmq: binding ${address.slice(0, 50)} fails with address_invalid`, async () => {
    await assert.rejects(zmqTransport().bindRequests(address), (error) => {
      assert.ok(error instanceof TransportError);
      assert.equal(error.code, "address_invalid");
      assert.ok(error.message.includes(address));
      assert.match(error.message, /Write tcp:/);
      return true;
    });
  });
}

for (const address of ["tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:*"]) {
  Deno.test(`zmq: connecting to ${address} fails with address_invalid`, async () => {
    await assert.rejects(zmqTransport().connectRequests(address), { code: "address_invalid" });
    await assert.rejects(zmqTransport().connectUpdates(address), { code: "address_invalid" });
  });
}

Deno.test("zmq: a TCP port held by another program is refused as in use", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `tcp://127.0.0.1:${listener.addr.port}`;
  await assert.rejects(zmqTransport().bindUpdates(address), { code: "address_in_use" });
});

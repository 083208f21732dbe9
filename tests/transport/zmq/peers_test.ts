import assert from "node:assert/strict";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { Peers, sourceOf } from "../../../src/transport/zmq/peers.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { rawDealer } from "../raw.ts";
import { bytes, guarded, serve, text, until } from "../support.ts";

Deno.test("Peers counts the connections of each address, and knows those that have gone", () => {
  const peers = new Peers(2);
  assert.deepEqual([1, 2, 3].map((fd) => peers.open(fd, "a")), [undefined, undefined, 3]);
  assert.equal(peers.open(4, "b"), undefined);
  peers.close(1);
  peers.close(1);
  peers.close(9);
  assert.equal(peers.open(5, "a"), 5);
  peers.close(5);
  peers.close(3);
  assert.equal(peers.open(6, "a"), undefined);
  // A descriptor that comes again is another connection.
  assert.equal(peers.open(6, "b"), undefined);
  assert.equal(peers.open(7, "a"), undefined);
});

Deno.test("Peers has room for four times as many in all, and then the last of those goes who have most", () => {
  const peers = new Peers(3);
  let descriptor = 0;
  for (const source of ["a", "b", "c"]) {
    for (let count = 0; count < 3; count++) peers.open(++descriptor, source);
  }
  for (const source of ["d", "e", "f"]) assert.equal(peers.open(++descriptor, source), undefined);
  assert.equal(peers.open(20, "g"), 3);
  assert.equal(peers.sourceOf(3), "a");
  peers.close(3);
  assert.equal(peers.open(21, "d"), 6);
  peers.close(6);
  // Of those that have as many, whoever comes last.
  assert.equal(peers.open(22, "d"), 22);
});

Deno.test("Peers has no more than there is room for, whatever one address may have", () => {
  const peers = new Peers(1_000, 3);
  assert.deepEqual([1, 2, 3].map((fd) => peers.open(fd, "a")), [undefined, undefined, undefined]);
  assert.equal(peers.open(4, "b"), 3);
  peers.close(3);
  assert.equal(peers.open(5, "a"), 5);
});

const SOURCES: Readonly<Record<string, string>> = {
  "0200 15b3 7f000001": "127.0.0.1",
  "0a00 15b3 00000000 20010db8000100020003000400050006": "2001:0db8:0001:0002::/64",
  "0a00 15b3 00000000 20010db8000100020003000400050007": "2001:0db8:0001:0002::/64",
  "0a00 15b3 00000000 00000000000000000000ffff0a000001": "10.0.0.1",
  "0100": "ipc",
};

for (const [hex, source] of Object.entries(SOURCES)) {
  Deno.test(`sourceOf() reads ${source}`, () => {
    const address = new Uint8Array(128);
    address.set(Uint8Array.fromHex(hex.replaceAll(" ", "")));
    assert.equal(sourceOf(address), source);
  });
}

for (const kind of ["tcp", "ipc"] as const) {
  Deno.test({
    name: `zmq RequestServer cuts off connections over ${kind} that are too many for one address`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using dir = await tempDir();
      const refused = new Set<string>();
      const transport = zmqTransport();
      const address = kind === "tcp" ? "tcp://127.0.0.1:0" : `ipc://${dir.path}/socket`;
      await using server = await transport.bindRequests(address, {
        maxConnections: 2,
        onRefused: (source) => refused.add(source),
      });
      const serving = serve(server);
      await using client = await transport.connectRequests(server.address);
      assert.equal(text(await client.request(bytes("first"))), "first");
      {
        using second = rawDealer(server.address);
        await second.send("", "second");
        assert.deepEqual((await second.receive()).map(text), ["", "second"]);
        using _third = rawDealer(server.address);
        await until(() => refused.size > 0, "a connection was refused");
        assert.deepEqual([...refused], [kind === "tcp" ? "127.0.0.1" : "ipc"]);
        await second.send("", "still");
        assert.deepEqual((await second.receive()).map(text), ["", "still"]);
      }
      // Where others have gone there is room again.
      using fourth = rawDealer(server.address);
      await fourth.send("", "fourth");
      assert.deepEqual((await fourth.receive()).map(text), ["", "fourth"]);
      await server.close();
      await serving;
    },
  });
}

Deno.test({
  name: "zmq UpdatePublisher lets go of a subscriber that was cut off, though nothing is published",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using publisher = await zmqTransport().bindUpdates("tcp://127.0.0.1:0");
    const port = Number(new URL(publisher.address).port);
    const floodWithTopics = async () => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(greeting("SUB"));
      const topics = subscriptions();
      // More than the kernel's buffers hold, of which ZeroMQ reads a part.
      const writing = async () => {
        for (;;) await connection.write(topics);
      };
      await guarded(writing().catch(() => {}));
    };
    // The runtime itself opens something at the first time.
    const start = descriptors();
    await floodWithTopics();
    await until(() => {
      publisher.publish(bytes("lets go of it in any case"));
      return descriptors() <= start + RUNTIME_DESCRIPTORS;
    }, "the first connection was closed");
    const before = descriptors();
    await floodWithTopics();
    await until(() => descriptors() <= before, "the second connection was closed");
  },
});

/** What the runtime opens when it first connects and runs a program. */
const RUNTIME_DESCRIPTORS = 4;

/** How many files and sockets this process has open. */
function descriptors(): number {
  const { stdout } = new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).outputSync();
  return text(stdout).trim().split("\n").length;
}

/** What a peer says first, ZMTP 3.0 without security, all at once. @see https://rfc.zeromq.org/spec/23/ */
function greeting(socketType: string): Uint8Array<ArrayBuffer> {
  const start = new Uint8Array(64);
  start.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
  start.set(bytes("NULL"), 12);
  const ready = bytes(
    `\x05READY\x0bSocket-Type\0\0\0${String.fromCharCode(socketType.length)}${socketType}`,
  );
  return new Uint8Array([...start, 4, ready.length, ...ready]);
}

/** Many subscriptions, each to a topic of its own. */
function subscriptions(): Uint8Array<ArrayBuffer> {
  const messages = Array.from({ length: 5_000 }, (_, nth) => bytes(`\x01topic ${nth}`));
  return new Uint8Array(messages.flatMap((message) => [0, message.length, ...message]));
}

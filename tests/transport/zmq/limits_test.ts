import assert from "node:assert/strict";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { rawDealer } from "../raw.ts";
import { bytes, guarded, serve, text } from "../support.ts";

const LOCAL = "tcp://127.0.0.1:0";

Deno.test("zmq RequestServer answers a message of frames without end once, and others meanwhile", async () => {
  const transport = zmqTransport();
  await using server = await transport.bindRequests(LOCAL);
  const counts: number[] = [];
  const serving = serve(server, (request) => {
    counts.push(request.frames.length);
    request.reply(bytes("seen"));
  });
  await using client = await transport.connectRequests(server.address);
  using flooder = rawDealer(server.address);
  await flooder.send("", ...new Array<string>(100_000).fill("x"));
  const others = Array.from({ length: 20 }, () => client.request(bytes("a")));
  assert.deepEqual((await flooder.receive()).map(text), ["", "seen"]);
  assert.deepEqual((await guarded(Promise.all(others))).map(text), new Array(20).fill("seen"));
  const many = counts.filter((count) => count > 1);
  assert.equal(many.length, 1);
  assert.ok(many[0]! <= 64, `${many[0]} frames were kept`);
  // What comes after it is read as before.
  await flooder.send("", "b");
  assert.deepEqual((await flooder.receive()).map(text), ["", "seen"]);
  assert.equal(counts.at(-1), 1);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer keeps no more of a message than one frame may have", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL, { maxMessageBytes: 1_000 });
  let kept = 0;
  const serving = serve(server, (request) => {
    kept = request.frames.reduce((sum, frame) => sum + frame.length, 0);
    request.reply(bytes("seen"));
  });
  using dealer = rawDealer(server.address);
  await dealer.send("", ...new Array<string>(30).fill("x".repeat(900)));
  await dealer.receive();
  assert.ok(kept <= 1_000, `${kept}`);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer reads of a frame that nobody wants no more than its beginning", async () => {
  const transport = zmqTransport();
  await using server = await transport.bindRequests(LOCAL, { wantedBytes: 4_096 });
  const got: Uint8Array[] = [];
  const serving = serve(server, (request) => {
    got.push(request.frames[0]!.slice());
    request.reply(bytes("seen"));
  });
  await using client = await transport.connectRequests(server.address);
  for (const size of [4_096, 4_097, 5_000_000, 20]) {
    await client.request(new Uint8Array(size).fill(7));
  }
  assert.deepEqual(got.map(({ length }) => length), [4_096, 4_097, 5_000_000, 20]);
  const known = got.map((frame) => frame.findLastIndex((byte) => byte === 7) + 1);
  assert.deepEqual(known, [4_096, 16, 16, 20]);
  await server.close();
  await serving;
});

for (const [size, isCut] of [[200, false], [2_000, true]] as const) {
  Deno.test(`zmq UpdatePublisher ${isCut ? "cuts off" : "keeps"} a subscriber who names ${size} bytes`, async () => {
    await using publisher = await zmqTransport().bindUpdates(LOCAL);
    const port = Number(new URL(publisher.address).port);
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(greeting());
    // Each says its part when the other has said its own.
    await readUntil(connection, "NULL");
    await connection.write(command("READY", "\x0bSocket-Type\0\0\0\x03SUB"));
    await connection.write(subscription(new Uint8Array(size)));
    // To everything; what is published comes only if the connection still lives.
    await connection.write(subscription(new Uint8Array()));
    const heard = readUntil(connection, "update").finally(() => clearInterval(publishing));
    const publishing = setInterval(() => publisher.publish(bytes("update")), 5);
    assert.equal(await guarded(heard), !isCut);
  });
}

Deno.test("zmq RequestServer cuts off who sends one message for ever, and goes on with others", async () => {
  const transport = zmqTransport();
  await using server = await transport.bindRequests(LOCAL);
  const serving = serve(server);
  await using client = await transport.connectRequests(server.address);
  using connection = await connectRaw(server.address, "DEALER");
  // Two bytes each, 64 and more in memory.
  const frames = new Uint8Array(100_000).map((_, at) => at % 2 === 0 ? 1 : 0);
  assert.ok(await guarded(isCut(connection, () => frames)));
  assert.equal(text(await client.request(bytes("hello"))), "hello");
  await server.close();
  await serving;
});

Deno.test("zmq UpdatePublisher cuts off who subscribes without end, however little at once", async () => {
  await using publisher = await zmqTransport().bindUpdates(LOCAL);
  using connection = await connectRaw(publisher.address, "SUB");
  let topic = 0;
  assert.ok(await guarded(isCut(connection, () => subscription(bytes(`topic ${topic++}`)))));
});

Deno.test("zmq RequestServer lets in as many large requests as a client has", async () => {
  const transport = zmqTransport();
  await using server = await transport.bindRequests(LOCAL);
  const serving = serve(server, (request) => {
    // Slower than they come.
    const untilMs = performance.now() + 5;
    while (performance.now() < untilMs);
    request.reply(request.frames[0]!.subarray(0, 1));
  });
  await using client = await transport.connectRequests(server.address);
  const body = new Uint8Array(1_000_000).fill(7);
  const answers = Array.from({ length: 60 }, () => client.request(body, { timeoutMs: 60_000 }));
  assert.deepEqual(await guarded(Promise.all(answers)), answers.map(() => new Uint8Array([7])));
  await server.close();
  await serving;
});

async function connectRaw(address: string, socketType: string): Promise<Deno.TcpConn> {
  const port = Number(new URL(address).port);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(greeting());
  await readUntil(connection, "NULL");
  const length = String.fromCharCode(socketType.length);
  await connection.write(command("READY", `\x0bSocket-Type\0\0\0${length}${socketType}`));
  return connection;
}

/** Writes on; true once the other side has ended it, which may leave what is being written where it is. */
async function isCut(connection: Deno.Conn, next: () => Uint8Array): Promise<boolean> {
  const isCutOff = (error: unknown) =>
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
  const writing = async () => {
    for (;;) await connection.write(next());
  };
  const ending = async () => {
    for await (const _ of connection.readable);
    return true;
  };
  return await Promise.race([writing().catch(isCutOff), ending().catch(isCutOff)]);
}

/** ZMTP 3.0 without security. @see https://rfc.zeromq.org/spec/23/ */
function greeting(): Uint8Array<ArrayBuffer> {
  const start = new Uint8Array(64);
  start.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
  start.set(new TextEncoder().encode("NULL"), 12);
  return start;
}

function command(name: string, data: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(String.fromCharCode(name.length) + name + data);
  return new Uint8Array([4, body.length, ...body]);
}

/** A message that begins with 1, with a length of 8 bytes. */
function subscription(topic: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(topic.length + 1));
  return new Uint8Array([2, ...length, 1, ...topic]);
}

/** True if the text comes, false if the connection ends before. */
async function readUntil(connection: Deno.Conn, wanted: string): Promise<boolean> {
  const buffer = new Uint8Array(4_096);
  let heard = "";
  while (!heard.includes(wanted)) {
    const size = await connection.read(buffer).catch(() => null);
    if (size === null) return false;
    heard += text(buffer.subarray(0, size));
  }
  return true;
}

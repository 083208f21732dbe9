import assert from "node:assert/strict";
import { type IncomingRequest, zmqTransport } from "../../../src/transport/mod.ts";
import { GARBAGE, rawDealer, rawRequest, throwAt } from "../raw.ts";
import { bytes, echo, guarded, serve, text, turns, until } from "../support.ts";

const LOCAL = "tcp://127.0.0.1:0";

/** Tells the frames back, so that a test sees what the server saw. */
function describe(request: IncomingRequest): void {
  request.reply(bytes(JSON.stringify(request.frames.map(text))));
}

const SHAPES: { peer: string; sends: string[]; seen: string[]; envelope: string[] }[] = [
  { peer: "with delimiter", sends: ["", "a"], seen: ["a"], envelope: [""] },
  { peer: "without delimiter", sends: ["a"], seen: ["a"], envelope: [] },
  { peer: "with delimiter and an empty body", sends: ["", ""], seen: [""], envelope: [""] },
  { peer: "with nothing but a delimiter", sends: [""], seen: [], envelope: [""] },
  { peer: "with several body frames", sends: ["", "a", "b"], seen: ["a", "b"], envelope: [""] },
  {
    peer: "with several frames and no delimiter",
    sends: ["a", "b"],
    seen: ["a", "b"],
    envelope: [],
  },
  { peer: "behind a proxy", sends: ["hop", "", "a"], seen: ["a"], envelope: ["hop", ""] },
];

for (const { peer, sends, seen, envelope } of SHAPES) {
  Deno.test("IncomingRequest.isFollowed() takes nothing from a loop that waits", async () => {
    const transport = zmqTransport();
    await using server = await transport.bindRequests("tcp://127.0.0.1:0");
    await using client = await transport.connectRequests(server.address);
    const requests = server[Symbol.asyncIterator]();
    for (let round = 0; round < 50; round += 1) {
      const answers = [client.request(bytes("a"))];
      const { value: first } = await guarded(requests.next());
      const next = requests.next();
      // From some time on a thread is parked, whose wake-up the look may take away.
      await turns(round);
      answers.push(client.request(bytes("b")));
      let came: IncomingRequest | undefined;
      next.then(({ value }) => came = value);
      await until(() => first.isFollowed() || came !== undefined, "the second came");
      const { value: second } = await guarded(next);
      for (const request of [first, second]) request.reply(request.frames[0]);
      assert.deepEqual((await guarded(Promise.all(answers))).map(text), ["a", "b"]);
    }
  });

  Deno.test(`zmq RequestServer answers a DEALER ${peer} in its own shape`, async () => {
    await using server = await zmqTransport().bindRequests(LOCAL);
    const serving = serve(server, describe);
    using dealer = rawDealer(server.address);
    await dealer.send(...sends);
    const answer = (await dealer.receive()).map(text);
    assert.deepEqual(answer, [...envelope, JSON.stringify(seen)]);
    await server.close();
    await serving;
  });
}

Deno.test("zmq RequestServer answers REQ peers, correlating ones too", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL);
  const serving = serve(server);
  for (const correlate of [false, true]) {
    using peer = rawRequest(server.address, { correlate });
    for (const word of ["one", "two"]) {
      await peer.send(word);
      assert.deepEqual((await peer.receive()).map(text), [word]);
    }
  }
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer sends answers in the order of the requests", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL);
  const held: IncomingRequest[] = [];
  const serving = serve(server, (request) => held.push(request));
  using dealer = rawDealer(server.address);
  const words = Array.from({ length: 64 }, (_, index) => `${index}`);
  for (const word of words) await dealer.send("", word);
  await until(() => held.length === 64, "all requests came");
  const shuffled = held.toSorted((a, b) => text(a.frames[0]!).localeCompare(text(b.frames[0]!)));
  for (const request of shuffled) echo(request);
  const answers: string[] = [];
  while (answers.length < 64) answers.push(text((await dealer.receive())[1]!));
  assert.deepEqual(answers, words);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer answers 64 requests in flight at any time", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL);
  const serving = serve(server);
  using dealer = rawDealer(server.address);
  let sent = 0;
  while (sent < 64) await dealer.send("", `${sent++}`);
  for (let received = 0; received < 5_000; received++) {
    assert.equal(text((await dealer.receive())[1]!), `${received}`);
    if (sent < 5_000) await dealer.send("", `${sent++}`);
  }
  await server.close();
  await serving;
});

for (const [what, garbage] of Object.entries(GARBAGE)) {
  Deno.test(`zmq RequestServer goes on after strangers sent ${what}`, async () => {
    await using server = await zmqTransport().bindRequests(LOCAL);
    const serving = serve(server);
    using peer = rawRequest(server.address);
    for (let count = 0; count < 20; count++) {
      await throwAt(server.address, garbage);
      await peer.send(`${count}`);
      assert.deepEqual((await peer.receive()).map(text), [`${count}`]);
    }
    await server.close();
    await serving;
  });
}

Deno.test("zmq RequestServer goes on after peers that send and die at once", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL);
  let seen = 0;
  const serving = serve(server, (request) => {
    seen++;
    queueMicrotask(() => echo(request));
  });
  for (let count = 1; count <= 100; count++) {
    const before = seen;
    const peer = rawDealer(server.address);
    await peer.send("", "dying", "wrong", "frames");
    await peer.send("", "dying");
    await until(() => seen > before, "its request came");
    peer[Symbol.dispose]();
  }
  using survivor = rawRequest(server.address);
  await survivor.send("alive");
  assert.deepEqual((await survivor.receive()).map(text), ["alive"]);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer cuts a peer that sends more than maxMessageBytes", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL, { maxMessageBytes: 1_000 });
  const seen: number[] = [];
  const serving = serve(server, (request) => {
    seen.push(request.frames[0]!.length);
    echo(request);
  });
  using peer = rawDealer(server.address);
  await peer.send("", new Uint8Array(1_001));
  while (!peer.readable) {
    await peer.send("", new Uint8Array(1_000));
    await turns(100);
  }
  assert.equal((await peer.receive())[1]!.length, 1_000);
  assert.ok(!seen.includes(1_001));
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer loses no wake-up when it answers while parked", async () => {
  await using server = await zmqTransport().bindRequests(LOCAL);
  const late: IncomingRequest[] = [];
  const serving = serve(server, (request) => {
    if (text(request.frames[0]!) === "late") late.push(request);
    else echo(request);
  });
  using patient = rawDealer(server.address);
  using busy = rawDealer(server.address);
  for (let round = 0; round < 300; round++) {
    await patient.send("late");
    await until(() => late.length === 1, "the request came");
    await turns(150);
    await busy.send(`${round}`);
    for (let wait = 0; wait < round % 20; wait++) performance.now();
    late.pop()!.reply(bytes("answer"));
    assert.deepEqual((await patient.receive()).map(text), ["answer"]);
    assert.deepEqual((await busy.receive()).map(text), [`${round}`]);
  }
  await server.close();
  await serving;
});

/** Asks `count` times without reading; each answer is large, so that the network's buffers fill. */
async function stuckPeer(
  options: { highWaterMark: number; maxBacklogBytes: number },
  count: number,
): Promise<{ server: Awaited<ReturnType<typeof bind>>; peer: ReturnType<typeof rawDealer> }> {
  const server = await bind(options);
  const peer = rawDealer(server.address, { receiveHighWaterMark: 1 });
  for (let index = 0; index < count; index++) await peer.send("", `${index}`);
  return { server, peer };
}

const LARGE_BYTES = 100_000;

function bind(options: { highWaterMark: number; maxBacklogBytes: number }) {
  return zmqTransport().bindRequests(LOCAL, options);
}

/** An answer that begins with the request's number. */
function large(request: IncomingRequest): void {
  const body = new Uint8Array(LARGE_BYTES);
  body.set(request.frames[0]!);
  request.reply(body);
}

function numberOf(answer: Uint8Array[]): number {
  return Number.parseInt(text(answer[1]!.subarray(0, 8)));
}

Deno.test("zmq RequestServer keeps the answers of a peer that reads late", async () => {
  let seen = 0;
  const { server, peer } = await stuckPeer({ highWaterMark: 2, maxBacklogBytes: 1e9 }, 400);
  await using _server = server;
  using _peer = peer;
  const serving = serve(server, (request) => {
    seen++;
    large(request);
  });
  await until(() => seen === 400, "all requests were answered");
  using other = rawRequest(server.address);
  await other.send("7");
  assert.equal((await other.receive())[0]!.length, LARGE_BYTES);
  for (let index = 0; index < 400; index++) assert.equal(numberOf(await peer.receive()), index);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer gives up a peer that asks on without reading", async () => {
  let seen = 0;
  const options = { highWaterMark: 2, maxBacklogBytes: 10 * LARGE_BYTES };
  const { server, peer } = await stuckPeer(options, 600);
  await using _server = server;
  using other = rawRequest(server.address);
  const serving = serve(server, (request) => {
    seen++;
    large(request);
  });
  // Requests are taken in turns, so the flood is over when the other has been answered as often.
  for (let count = 0; count < 600; count++) {
    await other.send("7");
    assert.equal((await other.receive())[0]!.length, LARGE_BYTES);
  }
  const kept = seen - 600;
  assert.ok(kept < 600, "every request of the peer was taken");
  for (let index = 0; index < kept; index++) assert.equal(numberOf(await peer.receive()), index);
  await peer.send("", "unheard");
  for (let count = 0; count < 100; count++) {
    await other.send("7");
    await other.receive();
  }
  assert.equal(peer.readable, false);
  assert.equal(seen, kept + 700);
  peer[Symbol.dispose]();
  using again = rawDealer(server.address);
  await again.send("", "8");
  assert.equal(numberOf(await again.receive()), 8);
  await server.close();
  await serving;
});

Deno.test("zmq RequestServer.close() sends what was answered before", async () => {
  const server = await zmqTransport().bindRequests(LOCAL);
  using dealer = rawDealer(server.address);
  for (let index = 0; index < 100; index++) await dealer.send("", `${index}`);
  let seen = 0;
  const serving = serve(server, (request) => {
    echo(request);
    if (++seen === 100) server.close();
  });
  await guarded(serving);
  for (let index = 0; index < 100; index++) {
    assert.equal(text((await dealer.receive())[1]!), `${index}`);
  }
  await server.close();
});

import assert from "node:assert/strict";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { bindRouter } from "../../../src/transport/zmq/router.ts";
import { Expulsion } from "../../../src/transport/zmq/expulsion.ts";
import type { Connection } from "../../../src/transport/zmq/port.ts";
import { generateCurveKeys } from "../../../src/transport/mod.ts";
import { rawDealer } from "../raw.ts";
import { bytes, guarded, serve, text, until } from "../support.ts";

/** The kernel is asked on Linux alone. */
const ignore = Deno.build.os !== "linux";

/** A socket whose messages come over descriptor 7, and its door. */
function watched() {
  const state = {
    connection: { descriptor: 7 } as Connection | undefined,
    isWanted: false,
    cut: [] as Connection[],
  };
  const expulsion = new Expulsion({
    door: {
      connectionOf: () => state.connection,
      noteUser: () => {},
      cut: (connection) => void state.cut.push(connection),
    },
    wantSender: (isWanted) => state.isWanted = isWanted,
    lastSender: () => state.isWanted ? 7 : undefined,
  });
  const note = (count: number) => {
    for (let index = 0; index < count; index++) expulsion.note("peer");
  };
  return { state, expulsion, note };
}

Deno.test("Expulsion cuts off a connection that sent more than could wait since it was known", () => {
  const { state, note } = watched();
  note(250);
  assert.deepEqual([state.cut.length, state.isWanted], [0, false]);
  note(50);
  assert.deepEqual([state.cut, state.isWanted], [[{ descriptor: 7 }], false]);
});

Deno.test("Expulsion cuts off no other connection that has got the descriptor", () => {
  const { state, note } = watched();
  note(100);
  state.connection = { descriptor: 7 };
  note(250);
  assert.deepEqual(state.cut, []);
  // One that has ended is no connection any more.
  state.connection = undefined;
  note(1_000);
  assert.deepEqual(state.cut, []);
});

Deno.test("Expulsion asks no more who sends when a peer is gone", () => {
  const { state, expulsion, note } = watched();
  note(16);
  assert.equal(state.isWanted, true);
  expulsion.forget("peer");
  assert.equal(state.isWanted, false);
});

Deno.test({
  name: "zmq RequestServer cuts off a peer that asks on without reading, which then may come anew",
  ignore,
  async fn() {
    const options = { highWaterMark: 2, maxBacklogBytes: 100_000 };
    await using server = await zmqTransport().bindRequests("tcp://127.0.0.1:0", options);
    const large = new Uint8Array(100_000);
    const serving = serve(server, (request) => {
      const isLarge = text(request.frames[0]!) === "large";
      request.reply(isLarge ? large : bytes("small"));
    });
    using other = rawDealer(server.address);
    await other.send("", "x");
    await other.receive();
    using peer = rawDealer(server.address, { receiveHighWaterMark: 1 });
    for (let count = 0; count < 600; count++) await peer.send("", "large");
    // What was answered before lies in its own buffers; after that nothing came but for the new connection.
    const heard: string[] = [];
    const isAnew = () => {
      void peer.send("", "small");
      return heard.includes("small");
    };
    const reading = (async () => {
      while (!heard.includes("small")) heard.push(text((await peer.receive())[1]!));
    })();
    await until(isAnew, "it was heard anew");
    await guarded(reading);
    await other.send("", "x");
    assert.equal(text((await other.receive())[1]!), "small");
    await server.close();
    await serving;
  },
});

Deno.test({
  name:
    "A socket with CURVE cuts off connections of one key that are too many, from wherever they come",
  ignore,
  async fn() {
    const [own, many, few] = await Promise.all([1, 2, 3].map(() => generateCurveKeys()));
    const refused: string[] = [];
    await using server = await bindRouter("tcp://127.0.0.1:0", {
      curve: { secretKey: own!.secretKey, isAllowed: () => true },
      maxConnections: 2,
      onRefused: (source) => refused.push(source),
    });
    const serving = serve(server);
    const connect = (host: string, keys: typeof own) => {
      const address = server.address.replace("tcp://", `tcp://${host}:0;`);
      return rawDealer(address, {
        curveServerKey: own!.publicKey,
        curvePublicKey: keys!.publicKey,
        curveSecretKey: keys!.secretKey,
      });
    };
    const isAnswered = async (peer: ReturnType<typeof connect>, word: string) => {
      await peer.send("", word);
      assert.equal(text((await peer.receive())[1]!), word);
    };
    using one = connect("127.0.0.2", many);
    using two = connect("127.0.0.3", many);
    using other = connect("127.0.0.4", few);
    for (const peer of [one, two, other]) await isAnswered(peer, "a");
    assert.deepEqual(refused, []);
    using three = connect("127.0.0.5", many);
    await three.send("", "a");
    await until(() => refused.length > 0, "the third was refused");
    assert.ok(refused.every((source) => source === many!.publicKey), refused.join());
    for (const peer of [one, two, other]) await isAnswered(peer, "b");
    // Where one has gone there is room again.
    one[Symbol.dispose]();
    await until(() => {
      void three.send("", "c");
      return three.readable;
    }, "the third was answered");
    await server.close();
    await serving;
  },
});

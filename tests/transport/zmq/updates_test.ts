import assert from "node:assert/strict";
import { zmqTransport } from "../../../src/transport/mod.ts";
import { GARBAGE, rawPublisher, throwAt } from "../raw.ts";
import { bytes, subscribed, take, text, turns } from "../support.ts";

const LOCAL = "tcp://127.0.0.1:0";

Deno.test("zmq UpdatePublisher drops progress before endings, and no ending at all", async () => {
  const transport = zmqTransport();
  await using publisher = await transport.bindUpdates(LOCAL, { highWaterMark: 100 });
  await using subscriber = await transport.connectUpdates(publisher.address);
  const iterator = subscriber[Symbol.asyncIterator]();
  await subscribed(publisher, iterator);
  for (let index = 0; index < 5_000; index++) {
    publisher.publish(bytes(`updates ${index}`), { droppable: true });
    if (index % 100 === 0) publisher.publish(bytes(`ending ${index}`));
  }
  publisher.publish(bytes("last"));
  const seen: string[] = [];
  while (seen.at(-1) !== "last") seen.push(text((await take(iterator, 1))[0]!));
  const numbers = (kind: string) =>
    seen.filter((word) => word.startsWith(kind)).map((word) => Number(word.slice(kind.length)));
  assert.deepEqual(numbers("ending "), Array.from({ length: 50 }, (_, index) => index * 100));
  const updates = numbers("updates ");
  assert.ok(updates.length < 5_000, "nothing was dropped");
  assert.deepEqual(updates, updates.toSorted((a, b) => a - b));
  assert.equal(updates.at(-1), 4_999);
});

Deno.test("zmq UpdatePublisher waits for a reader that lags behind a burst", async () => {
  const transport = zmqTransport();
  await using publisher = await transport.bindUpdates(LOCAL, { highWaterMark: 10 });
  await using subscriber = await transport.connectUpdates(publisher.address);
  const iterator = subscriber[Symbol.asyncIterator]();
  await subscribed(publisher, iterator);
  for (let index = 0; index < 100; index++) {
    const body = new Uint8Array(100_000);
    new DataView(body.buffer).setUint32(0, index);
    publisher.publish(body);
  }
  const numbers = (await take(iterator, 100)).map((body) =>
    new DataView(body.buffer, body.byteOffset).getUint32(0)
  );
  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, index) => index));
});

Deno.test("zmq UpdatePublisher goes on after strangers connected", async () => {
  const transport = zmqTransport();
  await using publisher = await transport.bindUpdates(LOCAL);
  await using subscriber = await transport.connectUpdates(publisher.address);
  const iterator = subscriber[Symbol.asyncIterator]();
  await subscribed(publisher, iterator);
  for (const garbage of Object.values(GARBAGE)) {
    await throwAt(publisher.address, garbage);
    publisher.publish(bytes("update"));
    assert.deepEqual((await take(iterator, 1)).map(text), ["update"]);
  }
});

Deno.test("zmq UpdateSubscriber passes over messages of several frames", async () => {
  const { socket, address } = await rawPublisher();
  await using subscriber = await zmqTransport().connectUpdates(address);
  const first = take(subscriber[Symbol.asyncIterator](), 1);
  let arrived = false;
  first.then(() => arrived = true);
  while (!arrived) {
    await socket.send(["topic", "foreign"]);
    await socket.send("ours");
    await turns(100);
  }
  assert.deepEqual((await first).map(text), ["ours"]);
  socket.close();
});

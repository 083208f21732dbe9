import assert from "node:assert/strict";
import { memoryTransport } from "../../src/transport/mod.ts";
import { testTransport } from "./conformance/mod.ts";
import { bytes, serve, take, text } from "./support.ts";

testTransport({ name: "memory", open: memoryTransport, address: () => "memory://test:0" });

Deno.test("memoryTransport() makes worlds that do not meet", async () => {
  await using here = await memoryTransport().bindRequests("memory://jobs");
  await using there = await memoryTransport().bindRequests("memory://jobs");
  assert.equal(here.address, there.address);
});

Deno.test("memory: a message belongs to its receiver, the sender may reuse its buffer", async () => {
  const transport = memoryTransport();
  await using server = await transport.bindRequests("memory://jobs");
  await using publisher = await transport.bindUpdates("memory://updates");
  await using client = await transport.connectRequests(server.address);
  await using subscriber = await transport.connectUpdates(publisher.address);
  const serving = serve(server);
  const body = bytes("message");
  const answer = client.request(body);
  publisher.publish(body);
  body.fill(0);
  assert.equal(text(await answer), "message");
  assert.equal(text((await take(subscriber[Symbol.asyncIterator](), 1))[0]!), "message");
  await server.close();
  await serving;
});

Deno.test("memory: a subscriber that lags by highWaterMark misses what comes then", async () => {
  const transport = memoryTransport();
  await using publisher = await transport.bindUpdates("memory://updates", { highWaterMark: 2 });
  await using subscriber = await transport.connectUpdates(publisher.address);
  for (const word of ["1", "2", "3"]) publisher.publish(bytes(word));
  const iterator = subscriber[Symbol.asyncIterator]();
  assert.deepEqual((await take(iterator, 2)).map(text), ["1", "2"]);
  publisher.publish(bytes("4"));
  assert.deepEqual((await take(iterator, 1)).map(text), ["4"]);
});

Deno.test("memory: a request above maxMessageBytes is not answered, the next one is", async () => {
  const transport = memoryTransport();
  await using server = await transport.bindRequests("memory://jobs", { maxMessageBytes: 10 });
  await using client = await transport.connectRequests(server.address);
  const serving = serve(server);
  await assert.rejects(client.request(new Uint8Array(11), { timeoutMs: 1 }), { code: "timeout" });
  assert.equal((await client.request(new Uint8Array(10))).length, 10);
  await server.close();
  await serving;
});

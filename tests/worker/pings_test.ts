import assert from "node:assert/strict";
import { encodeReply, encodeRequest } from "../../src/protocol/mod.ts";
import { answerPing } from "../../src/worker/pings.ts";

Deno.test("answerPing() answers what the codec writes with what the codec writes", () => {
  const ping = encodeRequest({ type: "ping" });
  assert.deepEqual(answerPing(ping), new Uint8Array(encodeReply({ type: "pong" })));
});

Deno.test("answerPing() leaves everything else to the codec", () => {
  const ping = encodeRequest({ type: "ping" });
  const others = [
    new Uint8Array(),
    ping.subarray(1),
    new Uint8Array([...ping, 0]),
    encodeRequest({ type: "status" }),
    ...Array.from(ping, (byte, index) => ping.with(index, byte ^ 1)),
  ];
  for (const body of others) assert.equal(answerPing(body), undefined);
});

import assert from "node:assert/strict";
import { decodeReply } from "../../src/protocol/mod.ts";
import { SLOW_DOWN } from "../../src/worker/slow_down.ts";

Deno.test("who asks too much is told to slow down, in words that clients try again for", () => {
  const reply = decodeReply(SLOW_DOWN);
  assert.ok(reply.type === "error");
  assert.match(reply.message, /^Backend busy: slow down/);
});

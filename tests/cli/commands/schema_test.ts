import assert from "node:assert/strict";
import { messagesJsonSchema } from "../../../src/protocol/mod.ts";
import { run } from "../fake_io.ts";

Deno.test("schema prints the JSON Schema of all messages, without a worker", async () => {
  const { exitCode, stdout, stderr } = await run(["schema"]);
  assert.equal(exitCode, 0, stderr());
  assert.deepEqual(JSON.parse(stdout()), messagesJsonSchema());
});

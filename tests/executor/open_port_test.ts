import assert from "node:assert/strict";
import { checkIsolation } from "../../src/executor/open_port.ts";

Deno.test({
  name:
    "checkIsolation() refuses processes without the right to start Deno, and says how to get it",
  permissions: { run: false, read: true },
  async fn() {
    await checkIsolation("thread");
    await assert.rejects(checkIsolation("process"), {
      code: "invalid_value",
      message: /worker:process.*--allow-run=/,
    });
  },
});

Deno.test("checkIsolation() lets processes be had where Deno may be started", async () => {
  await checkIsolation("process");
});

import assert from "node:assert/strict";
import { checkIsolation } from "../../src/executor/open_port.ts";
import { sandboxPermissions } from "../../src/executor/permissions.ts";
import { serverOptions } from "./support.ts";

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
  await assert.rejects(checkIsolation("process", true), {
    code: "invalid_value",
    message: /need Deno itself/,
  });
  await checkIsolation("thread", true);
});

Deno.test("sandboxPermissions() grants the usual port of an address without one", () => {
  const net = ["http://comfy", "https://comfy", "https://comfy:8188"].flatMap((url) =>
    sandboxPermissions([serverOptions(url).setup]).net
  );
  assert.deepEqual(net, ["comfy:80", "comfy:443", "comfy:8188"]);
});

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

Deno.test({
  name: "openPort() refuses where no more files can be opened, and the process lives on",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const script = new URL("fixtures/no_files.ts", import.meta.url).pathname;
    for (const free of [0, 4, 23]) {
      const args = ["-c", `ulimit -n 200; exec "$0" run -A --quiet "$@"`, Deno.execPath()];
      const { stdout, code } = await new Deno.Command("sh", { args: [...args, script, `${free}`] })
        .output();
      assert.match(new TextDecoder().decode(stdout), /^An isolate cannot be started: .*ulimit -n/);
      assert.equal(code, 0);
    }
  },
});

import { equal, rejects } from "node:assert/strict";
import { loadConfig } from "../../src/config/mod.ts";
import { readTextFile } from "../../src/config/text_file.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("readTextFile() reads files of any number of pieces, letters across two of them too", async () => {
  await using dir = await tempDir();
  const text = "x" + "ü".repeat(100_000);
  await Deno.writeTextFile(`${dir.path}/a`, text);
  equal(await readTextFile(`${dir.path}/a`), text);
  await rejects(readTextFile(`${dir.path}/none`), Deno.errors.NotFound);
});

Deno.test({
  name: "a configuration without an end is refused, and one that comes through a pipe is read",
  ignore: Deno.build.os === "windows",
  async fn() {
    const load = (config: string) => loadConfig({ flags: { config }, env: () => undefined });
    await rejects(load("/dev/zero"), {
      code: "unreadable",
      message: /^Cannot read the configuration file \/dev\/zero: It has more than 4194304 bytes/,
    });
    await using dir = await tempDir();
    const pipe = `${dir.path}/pipe`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const loading = load(pipe);
    await Deno.writeTextFile(pipe, "zmq: { max_connections: 7 }\n");
    equal((await loading).config.zmq.maxConnections, 7);
  },
});

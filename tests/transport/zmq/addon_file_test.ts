import assert from "node:assert/strict";
import "zeromq";
import { addonFiles } from "../../../src/transport/zmq/addon_file.ts";
import { loadedLibraries } from "../../../src/transport/zmq/libc.ts";
import { tempDir } from "../../support/temp_dir.ts";

Deno.test({
  name: "addonFiles() lists the file that the package has loaded",
  ignore: Deno.build.os !== "linux",
  fn() {
    const loaded = loadedLibraries().filter((path) => path.endsWith("/addon.node"));
    assert.equal(loaded.length, 1);
    const files = addonFiles();
    const before = files.slice(0, files.indexOf(loaded[0]!));
    assert.ok(files.includes(loaded[0]!));
    // What stands before it was tried by the package as well, and does not load here.
    for (const file of before) assert.throws(() => Deno.dlopen(file, {}));
  },
});

Deno.test({
  name: "addonFiles() finds the package in a folder of any name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await tempDir();
    const from = addonFiles()[0]!;
    const folder = `${dir.path}/é %41#b`;
    await Deno.mkdir(`${folder}/build`, { recursive: true });
    const [build] = from.split("/linux/");
    await Deno.copyFile(`${build}/manifest.json`, `${folder}/build/manifest.json`);
    const entry = new URL(`${folder.split("/").map(encodeURIComponent).join("/")}/lib/`, "file:");
    assert.equal(addonFiles(entry.href)[0], from.replace(build!, `${folder}/build`));
  },
});

import assert from "node:assert/strict";
import "zeromq";
import { addonFiles } from "../../../src/transport/zmq/addon_file.ts";
import { loadedLibraries } from "../../../src/transport/zmq/libc.ts";

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

import assert from "node:assert/strict";
import { loadedBy } from "../support/module_graph.ts";

const ENTRY = new URL("../../src/sandbox/main.ts", import.meta.url);

Deno.test("An isolate loads neither the validation of messages nor their codec", async () => {
  const loaded = await loadedBy(ENTRY);
  assert.ok(loaded.some((name) => name.endsWith("/src/protocol/names.ts")));
  assert.deepEqual(loaded.filter((name) => /^npm:\/?(?:zod|@msgpack)/.test(name)), []);
});

Deno.test("An isolate loads what handles PNG files with its first image", async () => {
  const loaded = await loadedBy(ENTRY);
  assert.deepEqual(loaded.filter((name) => /\/src\/images\/unpack\.ts$|^node:/.test(name)), []);
  const later = await loadedBy(new URL("output.ts", ENTRY));
  assert.ok(later.some((name) => name.endsWith("/src/images/unpack.ts")));
});

import assert from "node:assert/strict";
import { loadedBy } from "../support/module_graph.ts";

const SRC = new URL("../../src/", import.meta.url);

Deno.test("a worker answers pings before it loads a package or a module of Node's", async () => {
  // The first of them makes Deno load its layer for Node, which takes longer than all the rest.
  const loaded = await loadedBy(new URL("main.ts", SRC));
  assert.ok(loaded.includes(new URL("worker/start.ts", SRC).href));
  assert.deepEqual(loaded.filter((name) => !name.startsWith(SRC.href)), []);
});

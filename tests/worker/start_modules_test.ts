import assert from "node:assert/strict";
import { loadedBy, readBefore } from "../support/module_graph.ts";

const SRC = new URL("../../src/", import.meta.url);

/** Packages and modules of Node's that are loaded with a module of ours. */
async function foreignIn(path: string): Promise<string[]> {
  const loaded = await loadedBy(new URL(path, SRC));
  assert.ok(loaded.includes(new URL("errors.ts", SRC).href), loaded.join());
  return loaded.filter((name) => !name.startsWith(SRC.href)).map(packageOf).sort();
}

/** `npm:/@msgpack/msgpack@3.1.3/dist/…` → `@msgpack/msgpack`. */
function packageOf(name: string): string {
  return name.replace(/^npm:\/?(@[^/@]+\/[^/@]+|[^/@]+).*$/, "$1");
}

Deno.test("a worker answers pings before it loads a package or a module of Node's", async () => {
  // The first of them makes Deno load its layer for Node, which takes longer than all the rest.
  assert.deepEqual(await foreignIn("main.ts"), []);
});

Deno.test("a worker that nobody asks anything has neither zod nor Deno's layer for Node", async () => {
  // `node:sqlite` is Deno's own and gets by without that layer.
  assert.deepEqual(await foreignIn("worker/worker.ts"), ["@msgpack/msgpack", "node:sqlite"]);
});

Deno.test("a worker answers requests that are right without the schemas", async () => {
  assert.deepEqual(await foreignIn("worker/answer.ts"), ["@msgpack/msgpack"]);
});

Deno.test("a worker answers pings before Deno has read what it may never need", async () => {
  const entries = ["main.ts", "cli/commands/worker.ts", "worker/worker.ts", "worker/answer.ts"];
  const read = await Promise.all(entries.map((path) => readBefore(new URL(path, SRC))));
  const folders = read.flat().filter((name) => name.startsWith(`${SRC}`))
    .map((name) => name.slice(SRC.href.length).replace(/[^/]*$/, ""));
  for (const most of ["http/", "keys/", "pixels/", "queue/postgres/", "simulator/", "webhooks/"]) {
    assert.ok(!folders.some((folder) => folder.startsWith(most)), most);
  }
  assert.ok(folders.includes("queue/sqlite/"), folders.join());
});

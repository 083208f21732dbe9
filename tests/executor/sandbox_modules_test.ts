import assert from "node:assert/strict";

const ENTRY = new URL("../../src/executor/sandbox.ts", import.meta.url);

/** A module as `deno info --json` tells of it. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

Deno.test("An isolate loads neither the validation of messages nor their codec", async () => {
  const loaded = await loadedBy(ENTRY);
  assert.ok(loaded.some((name) => name.endsWith("/src/protocol/names.ts")));
  assert.deepEqual(loaded.filter((name) => /^npm:\/?(?:zod|@msgpack)/.test(name)), []);
});

Deno.test("An isolate loads what handles PNG files with its first picture", async () => {
  const loaded = await loadedBy(ENTRY);
  assert.deepEqual(loaded.filter((name) => /^npm:\/?fast-png|^node:/.test(name)), []);
  const later = await loadedBy(new URL("sandbox_output.ts", ENTRY));
  assert.ok(later.some((name) => name.startsWith("npm:fast-png")));
});

/** What is loaded when this module is: not what only its types need, nor what `import()` may load. */
async function loadedBy(entry: URL): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry.pathname],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const graph = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set([entry.href]);
  for (const name of loaded) {
    for (const { code, isDynamic = false } of graph.get(name)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) loaded.add(code.specifier);
    }
  }
  return [...loaded];
}

import assert from "node:assert/strict";
import { addonFiles } from "../../../src/transport/zmq/addon_file.ts";
import { withPrivateCopy } from "../../../src/transport/zmq/private_copy.ts";

/** How the fixture ends with a copy of the package's file. */
async function overwrite(isPrivate: boolean): Promise<{ text: string; signal: string | null }> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const path = `${folder}/addon.node`;
  await Deno.copyFile(addonFiles().find(loads)!, path);
  const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-ffi",
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      new URL("fixtures/overwrites.ts", import.meta.url).href,
      path,
      String(isPrivate),
    ],
    stderr: "null",
  }).output();
  return { text: new TextDecoder().decode(stdout).trim(), signal };
}

function loads(path: string): boolean {
  try {
    Deno.dlopen(path, { zmq_ctx_new: { parameters: [], result: "pointer" } }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("withPrivateCopy() keeps a library alive whose file is written over, which else ends the process", async () => {
  if (Deno.build.os !== "linux") return;
  assert.deepEqual(await overwrite(true), { text: "0", signal: null });
  assert.match(String((await overwrite(false)).signal), /^SIG(SEGV|BUS|ILL)$/);
});

Deno.test("withPrivateCopy() opens the file itself where a system runs no code of a nameless one", () => {
  const path = addonFiles()[0] ?? "/nonexistent/addon.node";
  const tried: string[] = [];
  const opened = withPrivateCopy(path, (copy) => {
    tried.push(copy);
    if (copy !== path) throw new TypeError("Cannot map a segment");
    return copy;
  });
  assert.equal(opened, path);
  assert.equal(tried.length, Deno.build.os === "linux" ? 2 : 1);
});

Deno.test("withPrivateCopy() hands on a file that cannot be read, and what opening it throws", () => {
  const seen = withPrivateCopy("/nonexistent/addon.node", (path) => path);
  assert.equal(seen, "/nonexistent/addon.node");
  assert.throws(() =>
    withPrivateCopy("/nonexistent", () => {
      throw new RangeError("No library");
    }), RangeError);
});

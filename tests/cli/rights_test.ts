import assert from "node:assert/strict";
import { needlessRights } from "../../src/cli/rights.ts";

Deno.test("client commands give up the network, and writing unless they write images", () => {
  for (const command of ["ping", "status", "jobs", "watch", "mcp"]) {
    assert.deepEqual(needlessRights([command, "--json"]), ["write", "net", "sys", "run"]);
  }
  for (const command of ["generate", "image"]) {
    assert.deepEqual(needlessRights([command]), ["net", "sys", "run"]);
  }
});

Deno.test("a worker keeps its rights, and so does whatever is no command", () => {
  for (const args of [[], ["worker", "--simulate"], ["toString"], ["--help"], ["health"]]) {
    assert.deepEqual(needlessRights(args), []);
  }
});

Deno.test("a process has given a right up before its command runs", async () => {
  const main = new URL("../../src/main.ts", import.meta.url).href;
  const code = `
    Deno.args.push("schema");
    const had = Deno.permissions.querySync({ name: "write" }).state;
    await import(${JSON.stringify(main)});
    const left = ["write", "net", "ffi", "sys", "run"].map((name) =>
      Deno.permissions.querySync({ name }).state
    );
    console.error(had, ...left);
  `;
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--quiet", code],
    env: { NO_COLOR: "1" },
  }).output();
  assert.match(
    new TextDecoder().decode(stderr),
    /granted prompt prompt prompt prompt prompt/,
  );
});

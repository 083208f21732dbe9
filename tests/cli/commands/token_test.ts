import assert from "node:assert/strict";
import { hash, parseTokens } from "../../../src/http/auth/tokens.ts";
import { run } from "../fake_io.ts";

Deno.test("token prints a token and the line that lets it in", async () => {
  const { exitCode, stdout } = await run(["token", "studio", "--scope=read"]);
  assert.equal(exitCode, 0);
  const [token, line] = stdout().trim().split("\n");
  const caller = parseTokens(line!, "tokens").get(await hash(token!));
  assert.deepEqual(caller, { name: "studio", scope: "read" });
  assert.ok(!line!.includes(token!));
});

Deno.test("token refuses a name that would break the file", async () => {
  for (const name of ["a b", "a\nb", "", "x".repeat(65)]) {
    assert.equal((await run(["token", name])).exitCode, 2, JSON.stringify(name));
  }
});

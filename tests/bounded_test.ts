import { deepEqual, equal, match } from "node:assert/strict";
import configFile from "../deno.json" with { type: "json" };
import { bounded } from "./support/bounded.ts";
import { tempDir } from "./support/temp_dir.ts";

/** One that never ends, in a step and with a timer that keeps the isolate alive, among others that do. */
const TESTS = `
Deno.test("before", { timeout: 600_000 }, () => {});
Deno.test("waits for ever", async (test) => {
  await test.step("in a step", () => new Promise(() => setInterval(() => {}, 1_000)));
});
Deno.test("after", { timeout: 600_000 }, async (test) => {
  await test.step("in a step", () => {});
});
Deno.test("breaks", { timeout: 600_000 }, () => {
  throw new Error("No");
});
`;

Deno.test("a test that waits for ever fails by its name and its place, and the others go on", async () => {
  await using dir = await tempDir();
  const preload = `
    import { bounded } from "${new URL("support/bounded.ts", import.meta.url)}";
    Object.assign(Deno, { test: bounded(Deno.test, 100) });
  `;
  await Deno.writeTextFile(`${dir.path}/preload.ts`, preload);
  await Deno.writeTextFile(`${dir.path}/one_test.ts`, TESTS);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-config", "--no-check", "--preload=preload.ts", "one_test.ts"],
    cwd: dir.path,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  const told = new TextDecoder().decode(stdout);
  equal(success, false);
  // The step, where the machine is so busy that it had not yet begun to wait.
  match(told, /waits for ever.* => \.\/one_test\.ts:[34]:\d+\nerror: .*(?:timed out|terminated)/);
  match(told, /breaks => \.\/one_test\.ts:9:6\n/);
  match(told, /\| 2 passed \(1 step\) \| 2 failed/);
});

Deno.test("a test is bounded however it is registered, unless it has a bound of its own", () => {
  const registered: unknown[] = [];
  const register = Object.assign((test: unknown) => void registered.push(test), Deno.test);
  const test = bounded(register as Deno.DenoTest, 5);
  function named() {}
  test("a", named);
  test("b", { sanitizeExit: false }, named);
  test(named);
  test({ sanitizeOps: false }, named);
  test({ name: "c", fn: named });
  test({ name: "d", timeout: 7, fn: named });
  deepEqual(registered, [
    { timeout: 5, name: "a", fn: named },
    { timeout: 5, name: "b", sanitizeExit: false, fn: named },
    { timeout: 5, name: "named", fn: named },
    { timeout: 5, name: "named", sanitizeOps: false, fn: named },
    { timeout: 5, name: "c", fn: named },
    { timeout: 7, name: "d", fn: named },
  ]);
  equal(test.afterAll, Deno.test.afterAll);
});

Deno.test("every task that runs tests bounds them", () => {
  const tests = Object.values(configFile.tasks).filter(({ command }) =>
    /\bdeno test\b/.test(command)
  );
  const bare = tests.filter(({ command }) =>
    !command.includes(" --preload=tests/support/preload.ts ")
  );
  equal(tests.length, 3);
  deepEqual(bare, []);
});

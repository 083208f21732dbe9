import assert from "node:assert/strict";

const FIXTURE = new URL("fixtures/cycles.ts", import.meta.url);

/** Runs the fixture in a process of its own. */
async function run(...args: string[]): Promise<{ code: number; signal: string | null }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-ffi",
      "--allow-read",
      FIXTURE.href,
      ...args,
    ],
    stdout: "null",
    stderr: "inherit",
  });
  const { code, signal } = await command.output();
  return { code, signal };
}

Deno.test("zmq: ten processes of twenty start and stop cycles each end well", async () => {
  for (let round = 0; round < 5; round++) {
    const ends = await Promise.all([run(), run()]);
    for (const end of ends) assert.deepEqual(end, { code: 0, signal: null });
  }
});

Deno.test("zmq: a process that exits with sockets open ends well", async () => {
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await run("open"), { code: 0, signal: null });
  }
});

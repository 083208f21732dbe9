import assert from "node:assert/strict";
import { type Io, runCli } from "../../src/cli/mod.ts";

Deno.test("conformance wants either a server or the simulator", async () => {
  for (const args of [[], ["--simulate", "--comfyui-url", "http://127.0.0.1:1"]]) {
    const { code, err } = await run(["conformance", ...args]);
    assert.equal(code, 2);
    assert.match(err, /^error: Give either --comfyui-url or --simulate$/m);
  }
});

Deno.test("conformance says in one sentence why a server cannot be tested", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const away = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const cases = [
    [away, 1, /^error: .*cannot be reached/],
    ["https://127.0.0.1", 2, /^error: Cannot put faults before https:\/\/127\.0\.0\.1: give/],
  ] as const;
  for (const [url, expected, message] of cases) {
    const { code, out, err } = await run(["conformance", "--comfyui-url", url]);
    assert.equal(code, expected);
    assert.match(err, message);
    assert.equal(out, "");
  }
});

Deno.test("conformance that is told to stop proves nothing, and says so", async () => {
  const { code, out, err } = await run(["conformance", "--simulate"], true);
  assert.equal(code, 1);
  assert.equal(out, "The embedded simulator\n");
  assert.equal(err, "Stopped; no result\n");
});

Deno.test("conformance --help tells its options and what the exit code means", async () => {
  const { code, out } = await run(["conformance", "--help"]);
  assert.equal(code, 0);
  for (const option of ["--comfyui-url <url>", "--simulate", "--model <name>", "--verbose"]) {
    assert.ok(out.includes(option), option);
  }
  assert.match(out, /exit code is 0 if every job was done exactly once and in time/);
});

/** Runs a command line; `stopped` sends it a signal as soon as it says what it tests. */
async function run(args: string[], stopped = false) {
  let [out, err] = ["", ""];
  let stop = () => {};
  const io: Io = {
    out(text) {
      out += text;
      if (stopped) stop();
    },
    err: (text) => void (err += text),
    outIsTerminal: false,
    errIsTerminal: false,
    columns: () => 100,
    rows: () => 24,
    env: () => undefined,
    onKey: () => undefined,
    askTerminal: () => Promise.resolve(undefined),
    freeBytes: () => Promise.resolve(Infinity),
    onStopSignal(listener) {
      stop = () => listener("SIGINT");
      return { [Symbol.dispose]: () => void (stop = () => {}) };
    },
    onHangup: () => ({ [Symbol.dispose]() {} }),
    openLog: () => Promise.reject(new Error("No command here opens a log")),
    giveUp() {},
    endAtOnce() {},
  };
  const code = await runCli(args, io);
  return { code, out, err };
}

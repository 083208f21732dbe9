import assert from "node:assert/strict";
import {
  hasPassed,
  renderLine,
  renderTable,
  runConformance,
  type ScenarioName,
  type ScenarioPlayed,
} from "../../src/conformance/mod.ts";

const NAMES: readonly ScenarioName[] = ["none", "gap", "restart", "mute", "lost_answer"];

// Side by side, since all that they do is wait; one after the other in the command.
Deno.test("A worker finishes one 2 s job under every fault, and ComfyUI runs it once", async () => {
  const target = { type: "simulator" } as const;
  const runs = NAMES.map((name) => runConformance({ target, scenarios: [name] }));
  const results = (await Promise.all(runs)).flat();
  write(`\n${results.map(renderLine).join("\n")}\n${renderTable(results)}`);
  assert.deepEqual(results.map(({ name }) => name), NAMES);
  for (const result of results) {
    assert.ok(result.type === "played");
    const { name, problem, executions } = result;
    assert.deepEqual({ name, problem, executions }, { name, problem: undefined, executions: 1 });
  }
});

const PLAYED: ScenarioPlayed = {
  type: "played",
  name: "gap",
  title: "socket cut",
  problem: undefined,
  isLate: false,
  seconds: 2.5,
  ownSeconds: 2,
  limitSeconds: 2.5,
  executions: 1,
};

Deno.test("hasPassed() is true for what was done in time, and for what was not played", () => {
  const skipped = { type: "skipped", name: "restart", title: "x", reason: "y" } as const;
  assert.equal(hasPassed(PLAYED), true);
  assert.equal(hasPassed(skipped), true);
  assert.equal(hasPassed({ ...PLAYED, isLate: true }), false);
  assert.equal(hasPassed({ ...PLAYED, problem: "The server ran it 2 times" }), false);
});

Deno.test("renderTable() and renderLine() tell what passed and why not", () => {
  const skipped = { type: "skipped", name: "restart", title: "restarted", reason: "no" } as const;
  const failed = { ...PLAYED, problem: "Lost", executions: 0, limitSeconds: undefined };
  assert.deepEqual(renderTable([PLAYED, skipped, failed]).split("\n"), [
    "|  | gap | restart | gap |",
    "| --- | --- | --- | --- |",
    "| this worker | 2.50 s ok, 1 run | not run | 2.50 s FAIL, 0 runs |",
    "| limit | 2.50 s, one run | – | one run |",
    "",
  ]);
  assert.equal(
    renderLine(PLAYED),
    "ok   gap         socket cut; 2.50 s, of which ComfyUI 2.00 s, limit 2.50 s, 1 run",
  );
  assert.equal(renderLine(skipped), "skip restart     restarted: no");
  assert.match(renderLine({ ...PLAYED, isLate: true }), /^FAIL .*: done too late$/);
  assert.match(renderLine(failed), /^FAIL .*, 0 runs: Lost$/);
});

Deno.test("runConformance() says so when the server is away or cannot be tested", async () => {
  // Nobody listens there, and no test that runs beside this one is given it.
  const url = "http://127.0.0.1:1";
  const run = (address: string) => runConformance({ target: { type: "server", url: address } });
  await assert.rejects(run(url), { name: "ComfyError", code: "unreachable" });
  await assert.rejects(run("https://127.0.0.1"), { name: "ConfigError", code: "invalid_value" });
});

Deno.test("runConformance() can be given up", async () => {
  const target = { type: "simulator" } as const;
  const signal = AbortSignal.abort(new Error("Enough"));
  await assert.rejects(runConformance({ target, signal }), /Enough/);
  const controller = new AbortController();
  const onServer = () => controller.abort(new Error("Enough"));
  const running = runConformance({ target, onServer, signal: controller.signal });
  await assert.rejects(running, /Enough/);
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

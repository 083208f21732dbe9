import assert from "node:assert/strict";
import { Command } from "commander";
import { addSettings, dashed } from "../../src/cli/options.ts";
import { workerFlags } from "../../src/cli/worker_flags.ts";
import { listSettings } from "../../src/config/mod.ts";

/** What the library makes of the words; undefined if it complains. */
function byLibrary(args: readonly string[]): Record<string, unknown> | undefined {
  const silent = { writeErr: () => {}, writeOut: () => {} };
  const program = new Command().exitOverride().configureOutput(silent).helpCommand(false);
  const command = program.command("worker").copyInheritedSettings(program)
    .allowExcessArguments(false);
  addSettings(command);
  let flags: Record<string, unknown> | undefined;
  command.action((options) => void (flags = dashed(options)));
  try {
    program.parse([...args], { from: "user" });
  } catch {
    return undefined;
  }
  return flags;
}

const PLAIN: readonly string[][] = [
  ["worker"],
  ["worker", "--simulate"],
  ["worker", "--db", "a b.db", "--simulate", "--req-addr=tcp://*:5555"],
  ["worker", "--config=x=y.yaml"],
  ["worker", "--db=a=b\n--simulate"],
  ["worker", "--comfyui-url", "http://a", "--comfyui-url=http://b"],
  ["worker", "--db", "validate-workflows"],
];

for (const args of PLAIN) {
  Deno.test(`workerFlags() reads ${JSON.stringify(args)} as the library does`, () => {
    const flags = workerFlags(args);
    assert.notEqual(flags, undefined);
    assert.deepEqual({ ...flags }, byLibrary(args));
  });
}

Deno.test("workerFlags() knows every flag of the settings", () => {
  for (const { flag, placeholder } of listSettings()) {
    if (flag === undefined) continue;
    const args = ["worker", `--${flag}`, ...placeholder === undefined ? [] : ["x"]];
    assert.deepEqual({ ...workerFlags(args) }, byLibrary(args), flag);
  }
});

const ODD: readonly string[][] = [
  [],
  ["--help"],
  ["demo"],
  ["--simulate", "worker"],
  ["worker", "--help"],
  ["worker", "-h"],
  ["worker", "validate-workflows"],
  ["worker", "--simulate", "--", "x"],
  ["worker", "--"],
  ["worker", "x"],
  ["worker", ""],
  ["worker", "--unknown"],
  ["worker", "--db"],
  ["worker", "--db", ""],
  ["worker", "--db="],
  ["worker", "--db", "--simulate"],
  ["worker", "--db", "a", "--db", "b"],
  ["worker", "--simulate=yes"],
  ["worker", "--Db", "a"],
  ["worker", "--toString"],
];

for (const args of ODD) {
  Deno.test(`workerFlags() leaves ${JSON.stringify(args)} to the library`, () => {
    assert.equal(workerFlags(args), undefined);
  });
}

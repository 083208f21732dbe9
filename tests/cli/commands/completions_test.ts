import assert from "node:assert/strict";
import { run } from "../fake_io.ts";

Deno.test("completions bash completes commands, flags, and the words of a flag", async () => {
  const { exitCode, stdout } = await run(["completions", "bash"]);
  assert.equal(exitCode, 0);
  const cases: [string[], string[]][] = [
    [["gen"], ["generate"]],
    [["jobs", "--st"], ["--state"]],
    [["jobs", "--state", "c"], ["completed", "cancelled"]],
    [["generate", "--show", ""], ["auto", "always", "never"]],
    [["completions", "f"], ["fish"]],
    [["worker", "--comfyui-t"], ["--comfyui-timeout"]],
  ];
  for (const [words, expected] of cases) {
    assert.deepEqual(await completeInBash(stdout(), ["dgx-pixels", ...words]), expected);
  }
});

for (const shell of ["bash", "zsh", "fish"]) {
  Deno.test(`completions ${shell} names every command and flag of the command line`, async () => {
    const { stdout } = await run(["completions", shell]);
    const help = await run(["--help"]);
    const commands = [...help.stdout().matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name!);
    assert.ok(commands.length > 10, help.stdout());
    for (const name of commands) {
      assert.match(stdout(), new RegExp(`\\b${name}\\b`), name);
      const own = await run([name, "--help"]);
      for (const [, flag] of own.stdout().matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)) {
        assert.ok(stdout().includes(flag!), `${name} --${flag}`);
      }
    }
  });
}

async function completeInBash(script: string, words: string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const code = `${script}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
_dgx_pixels
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await new Deno.Command("bash", { args: ["--norc", "-c", code] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}
